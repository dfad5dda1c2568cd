; Names of captures are names of handlers in rust.py.

[(line_comment) (block_comment)] @comment
(attribute_item) @attribute
(use_declaration) @use
(extern_crate_declaration) @extern_crate

(mod_item) @module
[(struct_item) (union_item) (enum_item) (trait_item)] @type
(impl_item) @impl
(type_parameter name: (type_identifier) @type_parameter)
(trait_item body: (declaration_list (_) @trait_member))
(impl_item trait: (_) body: (declaration_list (_) @trait_member))
(struct_item body: (field_declaration_list (field_declaration) @field))
(union_item body: (field_declaration_list (field_declaration) @field))
(enum_variant) @variant
[(function_item) (function_signature_item)] @function
[(const_item) (static_item)] @constant
[(type_item) (associated_type)] @type_alias
(macro_definition) @macro_definition

(call_expression) @call
(macro_invocation) @macro
(token_tree (identifier) @macro_call . (token_tree))
(struct_expression) @literal
(field_expression) @member
(scoped_identifier) @path
(scoped_type_identifier) @scoped_type
(type_identifier) @type_name
