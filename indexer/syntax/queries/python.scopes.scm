; What opens a scope or binds a name, and the blocks and loops between; names as in python_code.py.

[(function_definition) (lambda) (class_definition)] @scope
[(list_comprehension) (set_comprehension) (dictionary_comprehension) (generator_expression)] @scope
[(block) (module)] @block
[(for_statement) (while_statement)] @loop

(assignment left: (_)) @assignment
(augmented_assignment left: (_)) @augmented
(named_expression) @walrus
(for_statement) @for
(for_in_clause) @for
(with_item) @with
(except_clause) @except
[(import_statement) (import_from_statement)] @import
(global_statement) @global
(nonlocal_statement) @nonlocal
(function_definition) @definition
(class_definition) @definition
(delete_statement) @delete
(case_pattern) @pattern
(type_alias_statement) @type_alias

(if_statement condition: (_) @condition)
(elif_clause condition: (_) @condition)
(while_statement condition: (_) @condition)
(assert_statement) @condition
(conditional_expression) @condition
(boolean_operator) @condition
(not_operator) @condition
(if_clause) @condition
(match_statement subject: (_) @subject)
