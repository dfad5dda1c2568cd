; Names of captures are names of handlers in go.py.

(comment) @comment
(package_clause) @package
(import_spec) @import

(type_declaration) @declaration
(type_spec) @type_spec
(type_alias) @type_spec
(type_parameter_declaration name: (identifier) @type_parameter)
(type_spec type: (struct_type (field_declaration_list (field_declaration) @field)))
(type_spec type: (interface_type (method_elem) @method))
(source_file (const_declaration) @constants)
(source_file (var_declaration) @declaration)
(source_file (var_declaration (var_spec) @variable))
(source_file (var_declaration (var_spec_list (var_spec) @variable)))
(function_declaration) @function
(method_declaration) @method

(call_expression) @call
(type_conversion_expression type: (generic_type)) @generic_call
(composite_literal) @literal
(selector_expression) @selector
(qualified_type) @qualified_type
(type_identifier) @type_name
