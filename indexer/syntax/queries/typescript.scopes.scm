; What the TypeScript grammars add.

[(enum_declaration) (interface_declaration) (type_alias_declaration) (internal_module)
 (abstract_class_declaration) (function_signature)] @definition
(abstract_class_declaration) @class
