//! The closed list of codes, spelled as Apollo's composition spells them.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// What kind of finding this is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// As it is printed.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

codes! {
    /// A subgraph's text is not a valid GraphQL type system.
    InvalidGraphql = "INVALID_GRAPHQL",
    /// A federation directive is defined other than the specification defines it.
    DirectiveDefinitionInvalid = "DIRECTIVE_DEFINITION_INVALID",
    /// A federation type is defined other than the specification defines it.
    TypeDefinitionInvalid = "TYPE_DEFINITION_INVALID",
    /// A link to a version of the federation specification that is not known.
    UnknownFederationLinkVersion = "UNKNOWN_FEDERATION_LINK_VERSION",
    /// A link to a version of the link specification that is not known.
    UnknownLinkVersion = "UNKNOWN_LINK_VERSION",
    /// A `@link` that does not make sense.
    InvalidLinkDirectiveUsage = "INVALID_LINK_DIRECTIVE_USAGE",
    /// A `@link` whose URL does not end in a name and a version.
    InvalidLinkIdentifier = "INVALID_LINK_IDENTIFIER",
    /// A directive is imported under different names.
    LinkImportNameMismatch = "LINK_IMPORT_NAME_MISMATCH",
    /// A subgraph's name is reserved or taken.
    InvalidSubgraphName = "INVALID_SUBGRAPH_NAME",
    /// A key selects a field that takes arguments.
    KeyFieldsHasArgs = "KEY_FIELDS_HAS_ARGS",
    /// `@provides` selects a field that takes arguments.
    ProvidesFieldsHasArgs = "PROVIDES_FIELDS_HAS_ARGS",
    /// `@provides` selects a field that is not external.
    ProvidesFieldsMissingExternal = "PROVIDES_FIELDS_MISSING_EXTERNAL",
    /// `@requires` selects a field that is not external.
    RequiresFieldsMissingExternal = "REQUIRES_FIELDS_MISSING_EXTERNAL",
    /// A key on an interface before Federation 2.3.
    KeyUnsupportedOnInterface = "KEY_UNSUPPORTED_ON_INTERFACE",
    /// `@provides` on a field of an interface.
    ProvidesUnsupportedOnInterface = "PROVIDES_UNSUPPORTED_ON_INTERFACE",
    /// `@requires` on a field of an interface.
    RequiresUnsupportedOnInterface = "REQUIRES_UNSUPPORTED_ON_INTERFACE",
    /// An external field that nothing uses.
    ExternalUnused = "EXTERNAL_UNUSED",
    /// An external field that is said to provide something.
    ExternalCollisionWithAnotherDirective = "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE",
    /// A type of Federation 1 that has nothing but external fields without use.
    TypeWithOnlyUnusedExternal = "TYPE_WITH_ONLY_UNUSED_EXTERNAL",
    /// An external field of an interface.
    ExternalOnInterface = "EXTERNAL_ON_INTERFACE",
    /// `@provides` on a field without fields.
    ProvidesOnNonObjectField = "PROVIDES_ON_NON_OBJECT_FIELD",
    /// A key whose `fields` is not a string.
    KeyInvalidFieldsType = "KEY_INVALID_FIELDS_TYPE",
    /// A `@provides` whose `fields` is not a string.
    ProvidesInvalidFieldsType = "PROVIDES_INVALID_FIELDS_TYPE",
    /// A `@requires` whose `fields` is not a string.
    RequiresInvalidFieldsType = "REQUIRES_INVALID_FIELDS_TYPE",
    /// A key whose `fields` is not a valid selection.
    KeyInvalidFields = "KEY_INVALID_FIELDS",
    /// A `@provides` whose `fields` is not a valid selection.
    ProvidesInvalidFields = "PROVIDES_INVALID_FIELDS",
    /// A `@requires` whose `fields` is not a valid selection.
    RequiresInvalidFields = "REQUIRES_INVALID_FIELDS",
    /// A key that selects a field of a list, an interface or a union.
    KeyFieldsSelectInvalidType = "KEY_FIELDS_SELECT_INVALID_TYPE",
    /// A directive inside a key's `fields`.
    KeyDirectiveInFieldsArg = "KEY_DIRECTIVE_IN_FIELDS_ARG",
    /// A directive inside a `@provides`'s `fields`.
    ProvidesDirectiveInFieldsArg = "PROVIDES_DIRECTIVE_IN_FIELDS_ARG",
    /// A directive inside a `@requires`'s `fields`.
    RequiresDirectiveInFieldsArg = "REQUIRES_DIRECTIVE_IN_FIELDS_ARG",
    /// A type `Query` that is not the root.
    RootQueryUsed = "ROOT_QUERY_USED",
    /// A type `Mutation` that is not the root.
    RootMutationUsed = "ROOT_MUTATION_USED",
    /// A type `Subscription` that is not the root.
    RootSubscriptionUsed = "ROOT_SUBSCRIPTION_USED",
    /// No subgraph has a query.
    NoQueries = "NO_QUERIES",
    /// A type lacks a field of its interface once subgraphs are merged.
    InterfaceFieldNoImplem = "INTERFACE_FIELD_NO_IMPLEM",
    /// One name, two kinds of types.
    TypeKindMismatch = "TYPE_KIND_MISMATCH",
    /// An external field has another type than the real one.
    ExternalTypeMismatch = "EXTERNAL_TYPE_MISMATCH",
    /// An external field lacks an argument.
    ExternalArgumentMissing = "EXTERNAL_ARGUMENT_MISSING",
    /// An argument of an external field has another type.
    ExternalArgumentTypeMismatch = "EXTERNAL_ARGUMENT_TYPE_MISMATCH",
    /// An argument of an external field has another default.
    ExternalArgumentDefaultMismatch = "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH",
    /// An external field that no subgraph defines.
    ExternalMissingOnBase = "EXTERNAL_MISSING_ON_BASE",
    /// A merged directive on an external field.
    MergedDirectiveApplicationOnExternal = "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
    /// A field's types do not go together.
    FieldTypeMismatch = "FIELD_TYPE_MISMATCH",
    /// An argument's types do not go together.
    FieldArgumentTypeMismatch = "FIELD_ARGUMENT_TYPE_MISMATCH",
    /// An argument's defaults differ.
    FieldArgumentDefaultMismatch = "FIELD_ARGUMENT_DEFAULT_MISMATCH",
    /// An input field's defaults differ.
    InputFieldDefaultMismatch = "INPUT_FIELD_DEFAULT_MISMATCH",
    /// Extensions of a type that no subgraph defines.
    ExtensionWithNoBase = "EXTENSION_WITH_NO_BASE",
    /// A field that several subgraphs resolve and not all share.
    InvalidFieldSharing = "INVALID_FIELD_SHARING",
    /// `@shareable` where it means nothing.
    InvalidShareableUsage = "INVALID_SHAREABLE_USAGE",
    /// An accessible element refers to an inaccessible one.
    ReferencedInaccessible = "REFERENCED_INACCESSIBLE",
    /// A default value holds an inaccessible element.
    DefaultValueUsesInaccessible = "DEFAULT_VALUE_USES_INACCESSIBLE",
    /// An argument of a directive that clients cannot use is inaccessible.
    DisallowedInaccessible = "DISALLOWED_INACCESSIBLE",
    /// The query type is inaccessible.
    QueryRootTypeInaccessible = "QUERY_ROOT_TYPE_INACCESSIBLE",
    /// A required argument or input field is inaccessible.
    RequiredInaccessible = "REQUIRED_INACCESSIBLE",
    /// An inaccessible field implements an accessible one.
    ImplementedByInaccessible = "IMPLEMENTED_BY_INACCESSIBLE",
    /// An accessible type has nothing accessible in it.
    OnlyInaccessibleChildren = "ONLY_INACCESSIBLE_CHILDREN",
    /// An argument is required here and missing there.
    RequiredArgumentMissing = "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
    /// An input field is required here and missing there.
    RequiredInputFieldMissing = "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH",
    /// No field of an input type is in all subgraphs.
    EmptyMergedInputType = "EMPTY_MERGED_INPUT_TYPE",
    /// Values of an enum used both ways differ.
    EnumValueMismatch = "ENUM_VALUE_MISMATCH",
    /// No value of an input enum is in all subgraphs.
    EmptyMergedEnumType = "EMPTY_MERGED_ENUM_TYPE",
    /// Subgraphs resolve a shared field to types that do not overlap.
    ShareableMismatchedRuntimeTypes = "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES",
    /// A query that no plan answers.
    SatisfiabilityError = "SATISFIABILITY_ERROR",
    /// `@override` beside a directive it contradicts.
    OverrideCollisionWithAnotherDirective = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
    /// `@override` from the subgraph itself.
    OverrideFromSelfError = "OVERRIDE_FROM_SELF_ERROR",
    /// `@override` of a field that overrides.
    OverrideSourceHasOverride = "OVERRIDE_SOURCE_HAS_OVERRIDE",
    /// `@override` on a field of an interface.
    OverrideOnInterface = "OVERRIDE_ON_INTERFACE",
    /// A label of `@override` that cannot be evaluated.
    OverrideLabelInvalid = "OVERRIDE_LABEL_INVALID",
    /// A directive that cannot be composed.
    DirectiveCompositionError = "DIRECTIVE_COMPOSITION_ERROR",
    /// `@interfaceObject` where it means nothing.
    InterfaceObjectUsageError = "INTERFACE_OBJECT_USAGE_ERROR",
    /// An implementation lacks the key of its interface.
    InterfaceKeyNotOnImplementation = "INTERFACE_KEY_NOT_ON_IMPLEMENTATION",
    /// A subgraph with an interface key lacks an implementation.
    InterfaceKeyMissingImplementationType = "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
    /// A context that nothing sets.
    ContextNotSet = "CONTEXT_NOT_SET",
    /// A context selection that does not parse or fit.
    ContextInvalidSelection = "CONTEXT_INVALID_SELECTION",
    /// A context argument without selection.
    NoContextInSelection = "NO_CONTEXT_IN_SELECTION",
    /// A context argument on a type without key.
    ContextNoResolvableKey = "CONTEXT_NO_RESOLVABLE_KEY",
    /// An argument comes from a context here, and clients must give it there; a hint where they need not.
    ContextualArgumentNotInAll = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS",
    /// A context's name is not a name.
    ContextNameInvalid = "CONTEXT_NAME_INVALID",
    /// `@cost` on a field of an interface.
    CostAppliedToInterfaceField = "COST_APPLIED_TO_INTERFACE_FIELD",
    /// `@listSize` on a field that is not a list.
    ListSizeAppliedToNonList = "LIST_SIZE_APPLIED_TO_NON_LIST",
    /// A negative `assumedSize`.
    ListSizeInvalidAssumedSize = "LIST_SIZE_INVALID_ASSUMED_SIZE",
    /// A `sizedFields` entry that is not a list field.
    ListSizeInvalidSizedField = "LIST_SIZE_INVALID_SIZED_FIELD",
    /// A `slicingArguments` entry that is not an integer argument.
    ListSizeInvalidSlicingArgument = "LIST_SIZE_INVALID_SLICING_ARGUMENT",
    /// An access rule on an interface.
    AuthRequirementsAppliedOnInterface = "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE",
    /// `@requires` of a field with an access rule that the field itself lacks.
    MissingTransitiveAuthRequirements = "MISSING_TRANSITIVE_AUTH_REQUIREMENTS",

    /// Field types differ but go together.
    InconsistentButCompatibleFieldType = "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE",
    /// Argument types differ but go together.
    InconsistentButCompatibleArgumentType = "INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE",
    /// A type has a key in some subgraphs only.
    InconsistentEntity = "INCONSISTENT_ENTITY",
    /// A field of a type without keys is not in all subgraphs that have the type.
    InconsistentObjectValueTypeField = "INCONSISTENT_OBJECT_VALUE_TYPE_FIELD",
    /// A field of an interface without keys is not in all subgraphs that have the interface.
    InconsistentInterfaceValueTypeField = "INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD",
    /// A value that clients may not send, since not all subgraphs have it.
    InconsistentEnumValueForInputEnum = "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM",
    /// A value that clients may get, though not all subgraphs have it.
    InconsistentEnumValueForOutputEnum = "INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM",
    /// An enum that nothing is of.
    UnusedEnumType = "UNUSED_ENUM_TYPE",
    /// A directive of operations that not all subgraphs define.
    InconsistentExecutableDirectivePresence = "INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE",
    /// A directive of operations that no place has in all subgraphs.
    NoExecutableDirectiveIntersection = "NO_EXECUTABLE_DIRECTIVE_INTERSECTION",
    /// A directive of operations that is repeatable in some subgraphs.
    InconsistentExecutableDirectiveRepeatable = "INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE",
    /// A directive of operations that has other places in other subgraphs.
    InconsistentExecutableDirectiveLocations = "INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS",
    /// Descriptions differ.
    InconsistentDescription = "INCONSISTENT_DESCRIPTION",
    /// A directive that stands once has other arguments in other subgraphs; one of them is taken.
    InconsistentNonRepeatableDirectiveArguments = "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
    /// A directive that stands once has other arguments in other subgraphs; they are merged.
    MergedNonRepeatableDirectiveArguments = "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
    /// Composing a directive is not needed, or its versions differ where it is not composed.
    DirectiveCompositionInfo = "DIRECTIVE_COMPOSITION_INFO",
    /// A composed directive has another name where it is not composed.
    DirectiveCompositionWarn = "DIRECTIVE_COMPOSITION_WARN",
    /// Subgraphs resolve a shared field to types that overlap in part.
    InconsistentRuntimeTypesForShareableReturn = "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN",
    /// A linked specification needs a newer federation than the subgraph links.
    ImplicitlyUpgradedFederationVersion = "IMPLICITLY_UPGRADED_FEDERATION_VERSION",
    /// A default is given in some subgraphs.
    InconsistentDefaultValuePresence = "INCONSISTENT_DEFAULT_VALUE_PRESENCE",
    /// An optional argument is not in all subgraphs.
    InconsistentArgumentPresence = "INCONSISTENT_ARGUMENT_PRESENCE",
    /// An input field is not in all subgraphs.
    InconsistentInputObjectField = "INCONSISTENT_INPUT_OBJECT_FIELD",
    /// A union's member is not in all subgraphs.
    InconsistentUnionMember = "INCONSISTENT_UNION_MEMBER",
    /// `@override` from a subgraph that does not exist.
    FromSubgraphDoesNotExist = "FROM_SUBGRAPH_DOES_NOT_EXIST",
    /// An overridden field is no longer needed.
    OverriddenFieldCanBeRemoved = "OVERRIDDEN_FIELD_CAN_BE_REMOVED",
    /// `@override` has nothing to override.
    OverrideDirectiveCanBeRemoved = "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED",
    /// The proof that every query can be planned was given up, since it takes too many steps.
    MaxValidationPathsExceeded = "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED",
    /// An override is rolled out in steps.
    OverrideMigrationInProgress = "OVERRIDE_MIGRATION_IN_PROGRESS",
    /// A contract names a tag that nothing has. This code is our own.
    UnknownContractTag = "UNKNOWN_CONTRACT_TAG",
}
