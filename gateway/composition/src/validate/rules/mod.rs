//! Rules, one a file, named after their codes.

pub(crate) mod context;
pub(crate) mod cost_applied_to_interface_field;
pub(crate) mod directive_in_fields_arg;
pub(crate) mod external_on_interface;
pub(crate) mod external_unused;
pub(crate) mod fields_has_args;
pub(crate) mod fields_missing_external;
pub(crate) mod interface_key_not_on_implementation;
pub(crate) mod interface_object_usage_error;
pub(crate) mod invalid_fields;
pub(crate) mod invalid_fields_type;
pub(crate) mod invalid_shareable_usage;
pub(crate) mod key_fields_select_invalid_type;
pub(crate) mod key_unsupported_on_interface;
pub(crate) mod list_size;
pub(crate) mod merged_directive_application_on_external;
pub(crate) mod provides_on_non_object_field;
pub(crate) mod unsupported_on_interface;
