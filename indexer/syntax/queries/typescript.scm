; In the TypeScript and TSX grammars.

(abstract_class_declaration) @class
(interface_declaration) @interface
(type_alias_declaration) @type_alias
(enum_declaration) @enum
(enum_body [(property_identifier) (enum_assignment)] @enum_member)
(function_signature) @function
(internal_module) @namespace
(module) @namespace
(import_alias) @import_alias

(class_body (public_field_definition) @field)
(class_body [(method_signature) (abstract_method_signature)] @method)
(interface_body (property_signature) @field)
(interface_body (method_signature) @method)
(type_alias_declaration value: (object_type (property_signature) @field))
(type_alias_declaration value: (object_type (method_signature) @method))

(type_parameter name: (type_identifier) @type_parameter)
(nested_type_identifier) @nested_type
(type_identifier) @type_name

(interface_body (index_signature) @index)
(class_body (index_signature) @index)
(object_type (index_signature) @index)
