; Names of captures are names of handlers in php.py.

(comment) @comment
(attribute) @attribute
(namespace_definition) @namespace
(namespace_use_declaration) @use
[
  (require_expression)
  (require_once_expression)
  (include_expression)
  (include_once_expression)
] @require

[
  (class_declaration)
  (interface_declaration)
  (trait_declaration)
  (enum_declaration)
] @class
(anonymous_class) @anonymous_class
(use_declaration) @mixin
[(function_definition) (method_declaration)] @function
[(anonymous_function) (arrow_function)] @anonymous
(const_declaration) @constants
(property_declaration) @properties
(enum_case) @case
(program (expression_statement (assignment_expression left: (variable_name)) @variable))

(object_creation_expression) @new
[
  (function_call_expression)
  (member_call_expression)
  (nullsafe_member_call_expression)
  (scoped_call_expression)
] @call
[
  (member_access_expression)
  (nullsafe_member_access_expression)
  (scoped_property_access_expression)
  (class_constant_access_expression)
] @member
(named_type) @type_name
(binary_expression operator: "instanceof" right: [(name) (qualified_name)] @type_name)
