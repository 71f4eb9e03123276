//! `QUERY_ROOT_TYPE_INACCESSIBLE`: clients see the query type.

use crate::code::Code;
use crate::merged::is_inaccessible;
use crate::report::Report;
use crate::validate::MergedSchema;

pub(crate) fn check(schema: MergedSchema<'_, '_>, report: &mut Report) {
    if schema.merged.types.get("Query").is_some_and(|query| is_inaccessible(&query.applied)) {
        let message = "the query type is `@inaccessible`, which leaves nothing to clients".to_owned();
        report.error(Code::QueryRootTypeInaccessible, message, schema.place_of_type("Query"));
    }
}
