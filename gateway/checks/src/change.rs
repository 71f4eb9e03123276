//! One difference between two schemas.

use std::fmt;
use std::ops::Range;

/// What a change does to operations that worked before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Some of them fail now.
    Breaking,
    /// They go on, but may behave in a way that their authors did not think of.
    Dangerous,
    /// They do not notice.
    Safe,
}

impl Effect {
    /// The word for it, in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Dangerous => "dangerous",
            Self::Safe => "safe",
        }
    }
}

macro_rules! codes {
    ($($name:ident $text:literal $effect:ident $verb:literal $doc:literal;)*) => {
        /// The kind of a change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $doc] $name,)*
        }

        impl Code {
            /// Every kind, in the order of the guide.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name that programs know it by.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it does to clients, when it is a change of their schema.
            #[must_use]
            pub fn effect(self) -> Effect {
                match self { $(Self::$name => Effect::$effect,)* }
            }

            fn verb(self) -> &'static str {
                match self { $(Self::$name => $verb,)* }
            }
        }
    };
}

codes! {
    TypeRemoved "TYPE_REMOVED" Breaking "was removed" "A type is gone.";
    TypeChangedKind "TYPE_CHANGED_KIND" Breaking "changed its kind" "An object became an interface, or the like.";
    RootTypeChanged "ROOT_TYPE_CHANGED" Breaking "is another type, or gone" "Operations of a kind begin elsewhere, or nowhere.";
    FieldRemoved "FIELD_REMOVED" Breaking "was removed" "A field is gone.";
    FieldChangedKind "FIELD_CHANGED_KIND" Breaking "changed its type" "A field gives values that it did not give before.";
    RequiredArgAdded "REQUIRED_ARG_ADDED" Breaking "was added and must be given" "An argument without which a field is refused.";
    ArgRemoved "ARG_REMOVED" Breaking "was removed" "An argument is gone.";
    ArgChangedKind "ARG_CHANGED_KIND" Breaking "changed its type" "An argument refuses values that it took before.";
    RequiredInputFieldAdded "REQUIRED_INPUT_FIELD_ADDED" Breaking "was added and must be given" "An input field without which an input is refused.";
    InputFieldRemoved "INPUT_FIELD_REMOVED" Breaking "was removed" "An input field is gone.";
    InputFieldChangedKind "INPUT_FIELD_CHANGED_KIND" Breaking "changed its type" "An input field refuses values that it took before.";
    ValueRemovedFromEnum "VALUE_REMOVED_FROM_ENUM" Breaking "was removed" "An enum's value is gone.";
    TypeRemovedFromUnion "TYPE_REMOVED_FROM_UNION" Breaking "lost a member" "A union's member is gone.";
    ImplementedInterfaceRemoved "IMPLEMENTED_INTERFACE_REMOVED" Breaking "lost an interface" "A type implements an interface no more.";
    DirectiveRemoved "DIRECTIVE_REMOVED" Breaking "was removed" "A directive is gone.";
    DirectiveArgRemoved "DIRECTIVE_ARG_REMOVED" Breaking "was removed" "A directive's argument is gone.";
    DirectiveArgChangedKind "DIRECTIVE_ARG_CHANGED_KIND" Breaking "changed its type" "A directive's argument refuses values that it took before.";
    RequiredDirectiveArgAdded "REQUIRED_DIRECTIVE_ARG_ADDED" Breaking "was added and must be given" "An argument without which a directive is refused.";
    DirectiveRepeatableRemoved "DIRECTIVE_REPEATABLE_REMOVED" Breaking "is repeatable no more" "A directive stands once at a place.";
    DirectiveLocationRemoved "DIRECTIVE_LOCATION_REMOVED" Breaking "lost a location" "A directive is refused where it stood.";
    SubgraphRemoved "SUBGRAPH_REMOVED" Dangerous "was removed" "A subgraph is gone.";
    OptionalArgAdded "OPTIONAL_ARG_ADDED" Dangerous "was added" "An argument that may be given.";
    ArgDefaultValueChange "ARG_DEFAULT_VALUE_CHANGE" Dangerous "changed its default" "An argument that is not given means something else.";
    OptionalInputFieldAdded "OPTIONAL_INPUT_FIELD_ADDED" Dangerous "was added" "An input field that may be given.";
    InputFieldDefaultValueChange "INPUT_FIELD_DEFAULT_VALUE_CHANGE" Dangerous "changed its default" "An input field that is not given means something else.";
    ValueAddedToEnum "VALUE_ADDED_TO_ENUM" Dangerous "was added" "A value that clients may not know.";
    TypeAddedToUnion "TYPE_ADDED_TO_UNION" Dangerous "gained a member" "A member that clients may not know.";
    ImplementedInterfaceAdded "IMPLEMENTED_INTERFACE_ADDED" Dangerous "gained an interface" "A type stands where clients may not know it.";
    AppliedDirectiveRemoved "APPLIED_DIRECTIVE_REMOVED" Dangerous "lost a directive" "A directive stands in a subgraph no more.";
    AppliedDirectiveAdded "APPLIED_DIRECTIVE_ADDED" Dangerous "gained a directive" "A directive stands in a subgraph.";
    TypeAdded "TYPE_ADDED" Safe "was added" "A type is new.";
    FieldAdded "FIELD_ADDED" Safe "was added" "A field is new.";
    FieldTypeNarrowed "FIELD_TYPE_NARROWED" Safe "has a narrower type" "A field gives fewer of the values that it gave before.";
    ArgTypeWidened "ARG_TYPE_WIDENED" Safe "has a wider type" "An argument takes more than before.";
    InputFieldTypeWidened "INPUT_FIELD_TYPE_WIDENED" Safe "has a wider type" "An input field takes more than before.";
    DirectiveAdded "DIRECTIVE_ADDED" Safe "was added" "A directive is new.";
    DirectiveArgAdded "OPTIONAL_DIRECTIVE_ARG_ADDED" Safe "was added" "A directive's argument that may be given.";
    DirectiveArgTypeWidened "DIRECTIVE_ARG_TYPE_WIDENED" Safe "has a wider type" "A directive's argument takes more than before.";
    DirectiveRepeatableAdded "DIRECTIVE_REPEATABLE_ADDED" Safe "is repeatable" "A directive may stand more than once.";
    DirectiveLocationAdded "DIRECTIVE_LOCATION_ADDED" Safe "gained a location" "A directive may stand elsewhere too.";
    DeprecationAdded "DEPRECATION_ADDED" Safe "is deprecated" "Something is to be used no more.";
    DeprecationRemoved "DEPRECATION_REMOVED" Safe "is deprecated no more" "Something may be used again.";
    DeprecationReasonChanged "DEPRECATION_REASON_CHANGED" Safe "has another reason to be deprecated" "What is to be used instead is said in other words.";
    SubgraphAdded "SUBGRAPH_ADDED" Safe "was added" "A subgraph is new.";
}

/// What a change is about, printed as a schema coordinate (<https://spec.graphql.org/draft/#sec-Schema-Coordinates>).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coordinate {
    /// The schema as a whole.
    Schema,
    /// A type.
    Type(String),
    /// A field, an input field or an enum's value.
    Member(String, String),
    /// An argument of a field.
    Argument(String, String, String),
    /// A directive.
    Directive(String),
    /// An argument of a directive.
    DirectiveArgument(String, String),
}

impl fmt::Display for Coordinate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema => out.write_str("schema"),
            Self::Type(ty) => out.write_str(ty),
            Self::Member(ty, member) => write!(out, "{ty}.{member}"),
            Self::Argument(ty, field, argument) => write!(out, "{ty}.{field}({argument}:)"),
            Self::Directive(name) => write!(out, "@{name}"),
            Self::DirectiveArgument(name, argument) => write!(out, "@{name}({argument}:)"),
        }
    }
}

/// Where a change stands in a new subgraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The subgraph.
    pub subgraph: String,
    /// The bytes of its text: of what changed, or of what it was removed from; `None` when its type is gone as well.
    pub span: Option<Range<usize>>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its kind.
    pub code: Code,
    /// What it does. A change of a subgraph is never breaking by itself: what clients notice is a change of their schema too.
    pub effect: Effect,
    /// The subgraph whose schema changed; `None` for the schema that clients see.
    pub subgraph: Option<String>,
    /// What changed.
    pub coordinate: Coordinate,
    /// The change as a sentence.
    pub message: String,
    /// Where it stands.
    pub places: Vec<Place>,
}

impl Change {
    /// A change of `what`, such as «the field».
    pub(crate) fn new(code: Code, coordinate: Coordinate, what: &str) -> Self {
        let message = match coordinate {
            Coordinate::Schema => format!("{what} {}", code.verb()),
            _ => format!("{what} `{coordinate}` {}", code.verb()),
        };
        Self { code, effect: code.effect(), subgraph: None, coordinate, message, places: Vec::new() }
    }

    /// Says more: a name, or what was and what is.
    pub(crate) fn because(mut self, detail: &str) -> Self {
        self.message.push_str(": ");
        self.message.push_str(detail);
        self
    }

    /// The change as one of a subgraph.
    pub(crate) fn within(mut self, subgraph: &str) -> Self {
        self.effect = self.effect.max(Effect::Dangerous);
        self.subgraph = Some(subgraph.to_owned());
        self
    }
}
