; Names of captures are names of handlers in python.py.

(decorated_definition) @decorated
(decorator) @decorator
(function_definition) @function
(class_definition) @class
(type_alias_statement) @type_alias

(assignment left: [(identifier) (pattern_list) (tuple_pattern) (attribute)]) @assignment
(augmented_assignment left: (identifier)) @augmented
(for_statement left: (_)) @loop
(with_item (as_pattern alias: (_))) @entered
(named_expression) @walrus
(global_statement) @global

[(import_statement) (import_from_statement) (future_import_statement)] @import

(call function: [(identifier) (attribute)]) @call
(attribute) @attribute
(type) @annotation
