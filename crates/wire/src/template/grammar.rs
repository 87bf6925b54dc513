//! The grammar of Template Records and Options Template Records, as the RFCs draw it.
//!
//! Cold path: Templates come once in a while. Nothing is allocated; what is recognised stays
//! where it is.
//!
//! ```text
//! V9, RFC 3954 §5.2 and IPFIX, RFC 7011 §3.4.1     V9 options, RFC 3954 §6.1
//! |     Template ID     |    field count    |      | Template ID | scope length | option length |
//! |  Field Specifiers ...                   |      |  scope fields ...  |  option fields ...    |
//!
//! IPFIX options, RFC 7011 §3.4.2.2                 Field Specifier (enterprise in IPFIX only)
//! | Template ID | field count | scope count |      |E|    element id   |       length        |
//! |  Field Specifiers, scopes first ...     |      |           enterprise, if E is set         |
//! ```

use nom::bytes::complete::take;
use nom::combinator::{cond, recognize};
use nom::multi::fold_many_m_n;
use nom::number::complete::{be_u16, be_u32};
use nom::{IResult, Parser};

use super::{FieldSpecifiers, Parts};
use crate::Problem;

/// Octets before the Field Specifiers; an IPFIX withdrawal has no more.
pub(super) const RECORD_HEADER_LENGTH: usize = 4;
/// The same of an Options Template Record.
pub(super) const OPTIONS_RECORD_HEADER_LENGTH: usize = 6;
/// Says that an enterprise number follows (RFC 7011 §3.2).
pub(super) const ENTERPRISE_BIT: u16 = 0x8000;

/// Octets of a Field Specifier without enterprise number.
const FIELD_LENGTH: u16 = 4;

/// What stands behind the record, and the record.
type Parsed<'a> = Result<(&'a [u8], Parts<'a>), Problem>;

/// A Template Record of V9.
pub(super) fn netflow9_template(octets: &[u8]) -> Parsed<'_> {
    let (rest, (id, count)) = header(octets)?;
    let (rest, fields) = netflow9_fields(rest, count)?;
    Ok((
        rest,
        Parts {
            id,
            scopes: None,
            fields,
        },
    ))
}

/// An Options Template Record of V9, whose lengths are in octets.
pub(super) fn netflow9_options(octets: &[u8]) -> Parsed<'_> {
    let (rest, (id, scope_length)) = header(octets)?;
    let (rest, option_length) = fits(be_u16(rest))?;
    if !scope_length.is_multiple_of(FIELD_LENGTH) || !option_length.is_multiple_of(FIELD_LENGTH) {
        return Err(Problem::ScopeCount);
    }
    let scopes = scope_length / FIELD_LENGTH;
    let (rest, fields) = netflow9_fields(rest, scopes + option_length / FIELD_LENGTH)?;
    Ok((
        rest,
        Parts {
            id,
            scopes: Some(scopes),
            fields,
        },
    ))
}

/// A Template Record of IPFIX, or a withdrawal.
pub(super) fn ipfix_template(octets: &[u8]) -> Parsed<'_> {
    let (rest, (id, count)) = header(octets)?;
    let (rest, fields) = ipfix_fields(rest, count)?;
    Ok((
        rest,
        Parts {
            id,
            scopes: None,
            fields,
        },
    ))
}

/// An Options Template Record of IPFIX, or a withdrawal, which has no scope field count.
pub(super) fn ipfix_options(octets: &[u8]) -> Parsed<'_> {
    let (rest, (id, count)) = header(octets)?;
    let (rest, scopes) = fits(cond(count > 0, be_u16).parse(rest))?;
    let (rest, fields) = ipfix_fields(rest, count)?;
    let scopes = scopes.or(Some(0));
    Ok((rest, Parts { id, scopes, fields }))
}

/// Template ID and field count, or scope length in V9 options.
fn header(octets: &[u8]) -> Result<(&[u8], (u16, u16)), Problem> {
    fits((be_u16, be_u16).parse(octets))
}

/// `count` Field Specifiers of four octets each.
fn netflow9_fields(octets: &[u8], count: u16) -> Result<(&[u8], FieldSpecifiers<'_>), Problem> {
    let length = usize::from(count) * usize::from(FIELD_LENGTH);
    let (rest, fields) = fits(take(length).parse(octets))?;
    Ok((rest, FieldSpecifiers::new(count, false, fields)))
}

/// `count` Field Specifiers of four octets, or eight with an enterprise number.
fn ipfix_fields(octets: &[u8], count: u16) -> Result<(&[u8], FieldSpecifiers<'_>), Problem> {
    if count == 0 {
        return Ok((octets, FieldSpecifiers::new(0, true, &[])));
    }
    let times = usize::from(count);
    let fields = fold_many_m_n(times, times, ipfix_field, || (), |(), ()| ());
    let (rest, fields) = fits(recognize(fields).parse(octets))?;
    Ok((rest, FieldSpecifiers::new(count, true, fields)))
}

/// One Field Specifier of IPFIX.
fn ipfix_field(octets: &[u8]) -> IResult<&[u8], (), ()> {
    let (rest, (id, _length)) = (be_u16, be_u16).parse(octets)?;
    let (rest, _enterprise) = cond(id & ENTERPRISE_BIT != 0, be_u32).parse(rest)?;
    Ok((rest, ()))
}

/// All that can go wrong in a grammar of fixed sizes is that octets are missing.
fn fits<T>(parsed: IResult<&[u8], T, ()>) -> Result<(&[u8], T), Problem> {
    parsed.map_err(|_| Problem::TemplatePastEnd)
}
