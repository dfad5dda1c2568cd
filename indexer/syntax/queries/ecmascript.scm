; What JavaScript and TypeScript share. Names of captures are names of handlers in javascript.py.

(comment) @comment
(export_statement) @export
(import_statement) @import
(decorator) @decorator

(class_declaration) @class
(function_declaration) @function
(generator_function_declaration) @function
(class_body (method_definition) @method)
(object (method_definition) @object_method)
(lexical_declaration) @declaration
(variable_declaration) @declaration
(variable_declarator) @variable
(variable_declarator
  value: (object (pair value: [(arrow_function) (function_expression)]) @object_function))
(expression_statement (assignment_expression left: (member_expression)) @assignment)

(arrow_function) @anonymous
(function_expression) @anonymous
(generator_function) @anonymous
(class) @anonymous_class

(call_expression function: [(identifier) (member_expression)]) @call
(new_expression constructor: [(identifier) (member_expression)]) @new
(member_expression) @member
