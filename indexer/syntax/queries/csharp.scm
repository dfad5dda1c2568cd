; Names of captures are names of handlers in csharp.py.

(comment) @comment
(using_directive) @using
[(namespace_declaration) (file_scoped_namespace_declaration)] @namespace
(attribute) @decorator

(class_declaration) @class
(struct_declaration) @class
(record_declaration) @class
(interface_declaration) @class
(enum_declaration) @class
(delegate_declaration) @delegate
(type_parameter name: (identifier) @type_parameter)

(field_declaration) @field
(event_field_declaration) @field
(property_declaration) @property
(event_declaration) @property
(enum_member_declaration) @enum_member
(method_declaration) @method
(constructor_declaration) @method
(local_function_statement) @method
(destructor_declaration) @anonymous
(operator_declaration) @anonymous
(conversion_operator_declaration) @anonymous
(indexer_declaration) @anonymous

(invocation_expression) @call
(object_creation_expression) @new
(conditional_access_expression) @conditional
(member_access_expression) @member
(member_binding_expression) @binding
(_ type: (_) @annotation)
(_ returns: (_) @annotation)
(as_expression right: (_) @annotation)
(is_expression right: (_) @annotation)
(type_argument_list) @annotation
