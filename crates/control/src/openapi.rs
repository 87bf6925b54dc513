//! The table of operations as an `OpenAPI` document.
//!
//! All operations share one path: they are told apart by the parameters `Action` and `Version`, so
//! each stands under the path with both.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use crate::operation::{Absent, Field, Kind, Operation, Parameter, Shape};
use crate::problem::ALL;
use crate::product::naming;

/// The document, of `OpenAPI` 3.1.
pub fn openapi() -> Value {
    let paths: Map<String, Value> = Operation::all().map(path).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Flow logs of VPC, CEN and Smart Access Gateway",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "RPC style: one path, GET or POST; parameters in the query, or in a form as well. Signed by HMAC-SHA1 (SignatureVersion 1.0) or ACS3-HMAC-SHA256.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Error": error()},
            "responses": {"Error": {
                "description": "Refused.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            }},
        },
    })
}

fn path(operation: &Operation) -> (String, Value) {
    let naming = naming(operation.product);
    let path = format!("/?Action={}&Version={}", operation.name, naming.version);
    let parameters: Vec<Value> = operation.parameters.iter().map(parameter).collect();
    let mut properties = schema(operation.answer);
    properties.insert("RequestId".to_owned(), json!({"type": "string"}));
    let description = json!({
        "operationId": format!("{}{}", naming.name, operation.name),
        "tags": [naming.name],
        "summary": operation.summary,
        "description": format!("Action in policies: {}.", operation.action()),
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "Done, or begun.",
                "content": {"application/json": {"schema": {"type": "object", "properties": properties}}},
            },
            "default": {"$ref": "#/components/responses/Error"},
        },
    });
    (path, json!({"post": description}))
}

fn parameter(parameter: &Parameter) -> Value {
    let text = json!({"type": "string"});
    let (name, schema) = match parameter.kind {
        Kind::Text => (parameter.name.to_owned(), text),
        Kind::Integer => (parameter.name.to_owned(), json!({"type": "integer"})),
        Kind::Texts => (
            format!("{}.N", parameter.name),
            json!({"type": "array", "items": text}),
        ),
        Kind::Tags => {
            let tag = json!({"type": "object", "properties": {"Key": text, "Value": text}});
            (
                format!("{}.N", parameter.name),
                json!({"type": "array", "items": tag}),
            )
        }
    };
    json!({
        "name": name,
        "in": "query",
        "required": !matches!(parameter.absent, Absent::Fine),
        "schema": schema,
    })
}

fn schema(fields: &[Field]) -> Map<String, Value> {
    let object = |fields| json!({"type": "object", "properties": schema(fields)});
    let of = |shape| match shape {
        Shape::Text => json!({"type": "string"}),
        Shape::Number => json!({"type": "integer"}),
        Shape::Truth => json!({"type": "boolean"}),
        Shape::Texts => json!({"type": "array", "items": {"type": "string"}}),
        Shape::Object(fields) => object(fields),
        Shape::Objects(fields) => json!({"type": "array", "items": object(fields)}),
    };
    fields
        .iter()
        .map(|field| (field.name.to_owned(), of(field.shape)))
        .collect()
}

/// An error, with all codes that there are beside those of signatures and missing parameters.
fn error() -> Value {
    let mut codes: Vec<String> = ALL.iter().map(|make| make().code.into_owned()).collect();
    codes.sort();
    codes.dedup();
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "properties": {
            "RequestId": text,
            "HostId": text,
            "Code": {"type": "string", "examples": codes},
            "Message": text,
            "Recommend": text,
        },
    })
}
