//! Values of variable length (RFC 7011 §7) and lists (RFC 6313).

use alloc::vec::Vec;

use flowlog_record::EnterpriseNumber;

use super::{EmitError, patch};
use crate::lists::Semantic;
use crate::{FieldSpecifier, TemplateId, VARIABLE_LENGTH};

const ENTERPRISE_BIT: u16 = 0x8000;

/// Appends a value with its length before it: one octet below 255, else 255 and two octets.
///
/// # Errors
/// [`EmitError::Full`] for more than 65535 octets.
pub fn variable_length(out: &mut Vec<u8>, value: &[u8]) -> Result<(), EmitError> {
    match u8::try_from(value.len()) {
        Ok(short) if short < u8::MAX => out.push(short),
        _ => {
            let long = u16::try_from(value.len()).map_err(|_| EmitError::Full)?;
            out.push(u8::MAX);
            out.extend(long.to_be_bytes());
        }
    }
    out.extend(value);
    Ok(())
}

/// Appends the content of a basicList of that element (RFC 6313 §4.5.1).
///
/// # Errors
/// [`EmitError::NotInFormat`] for an element id with the enterprise bit, and for a value that has
/// not the length of the field; [`EmitError::Full`] for a value of more than 65535 octets.
pub fn basic_list<'b>(
    out: &mut Vec<u8>,
    semantic: Semantic,
    field: FieldSpecifier,
    values: impl IntoIterator<Item = &'b [u8]>,
) -> Result<(), EmitError> {
    if field.id.0 & ENTERPRISE_BIT != 0 {
        return Err(EmitError::NotInFormat);
    }
    whole(out, |out| {
        out.push(semantic.0);
        let is_iana = field.enterprise == EnterpriseNumber::IANA;
        let bit = if is_iana { 0 } else { ENTERPRISE_BIT };
        out.extend((field.id.0 | bit).to_be_bytes());
        out.extend(field.length.to_be_bytes());
        if !is_iana {
            out.extend(field.enterprise.0.to_be_bytes());
        }
        for value in values {
            if field.length == VARIABLE_LENGTH {
                variable_length(out, value)?;
            } else if value.len() == usize::from(field.length) && !value.is_empty() {
                out.extend(value);
            } else {
                return Err(EmitError::NotInFormat);
            }
        }
        Ok(())
    })
}

/// Appends the content of a subTemplateList: records of one Template, as they are
/// (RFC 6313 §4.5.2).
pub fn sub_template_list(
    out: &mut Vec<u8>,
    semantic: Semantic,
    template: TemplateId,
    records: &[u8],
) {
    out.push(semantic.0);
    out.extend(template.get().to_be_bytes());
    out.extend(records);
}

/// Appends the content of a subTemplateMultiList: for each entry records of one Template, as they
/// are (RFC 6313 §4.5.3).
///
/// # Errors
/// [`EmitError::Full`] for an entry of more than 65531 octets.
pub fn sub_template_multi_list<'b>(
    out: &mut Vec<u8>,
    semantic: Semantic,
    entries: impl IntoIterator<Item = (TemplateId, &'b [u8])>,
) -> Result<(), EmitError> {
    whole(out, |out| {
        out.push(semantic.0);
        for (template, records) in entries {
            let start = out.len();
            out.extend(template.get().to_be_bytes());
            out.extend([0; 2]);
            out.extend(records);
            let length = u16::try_from(out.len() - start).map_err(|_| EmitError::Full)?;
            patch(out, start + 2, length);
        }
        Ok(())
    })
}

/// Runs `write`, and takes back what it wrote if it fails.
fn whole(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), EmitError>,
) -> Result<(), EmitError> {
    let before = out.len();
    let written = write(out);
    if written.is_err() {
        out.truncate(before);
    }
    written
}

#[cfg(test)]
mod tests;
