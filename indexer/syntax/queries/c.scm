; What C and C++ share. Names of captures are names of handlers in c.py.

(comment) @comment
(preproc_include) @include
(preproc_def) @macro
(preproc_function_def) @macro

(function_definition) @function
(declaration) @declaration
(field_declaration) @declaration
(type_definition) @typedef
[(struct_specifier) (union_specifier)] @record
(enum_specifier) @enum
(enumerator) @enumerator

(call_expression) @call
(field_expression) @field_use
(type_identifier) @type_name
