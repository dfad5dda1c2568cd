; What C++ adds to c.scm.

(namespace_definition) @namespace
(template_declaration) @template
(class_specifier) @record
(field_declaration_list (access_specifier) @access)
(friend_declaration) @friend
(alias_declaration) @alias
(concept_definition) @concept
(lambda_expression) @anonymous

(using_declaration) @using
(namespace_alias_definition) @namespace_alias

(new_expression) @new
(qualified_identifier) @qualified
