; Only in the JavaScript grammar.
(class_body (field_definition) @field)
