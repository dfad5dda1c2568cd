; Names of captures are names of handlers in java.py.

[(line_comment) (block_comment)] @comment
(package_declaration) @package
(import_declaration) @import
(marker_annotation) @decorator
(annotation) @decorator

(class_declaration) @class
(interface_declaration) @class
(enum_declaration) @class
(record_declaration) @class
(annotation_type_declaration) @class
(object_creation_expression (class_body) @anonymous)
(enum_constant body: (class_body) @anonymous)
(type_parameter (type_identifier) @type_parameter)

(field_declaration) @field
(constant_declaration) @field
(enum_constant) @enum_member
(method_declaration) @method
(constructor_declaration) @method
(compact_constructor_declaration) @method
(annotation_type_element_declaration) @method

(method_invocation) @call
(object_creation_expression) @new
(method_reference) @method_reference
(field_access) @member
(scoped_type_identifier) @scoped_type
(type_identifier) @type_name
