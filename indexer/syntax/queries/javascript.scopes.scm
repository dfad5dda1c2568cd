; What opens a scope or binds a name, and the blocks and loops between, in all three grammars.

[(function_declaration) (generator_function_declaration) (function_expression)
 (generator_function) (arrow_function) (method_definition)] @scope
[(class_declaration) (class)] @class
[(statement_block) (program) (class_body) (switch_body) (for_statement) (for_in_statement)
 (catch_clause)] @block
[(for_statement) (for_in_statement) (while_statement) (do_statement)] @loop

(variable_declarator) @declarator
(assignment_expression left: [(identifier) (object_pattern) (array_pattern)]) @assignment
(for_in_statement) @for
(catch_clause) @catch
(import_statement) @import
[(function_declaration) (generator_function_declaration) (class_declaration)] @definition

(if_statement condition: (_) @condition)
(while_statement condition: (_) @condition)
(do_statement condition: (_) @condition)
(ternary_expression condition: (_) @condition)
(binary_expression operator: ["&&" "||" "??"]) @condition
(unary_expression operator: "!") @condition
(switch_statement value: (_) @condition)
(return_statement) @condition
(expression_statement (call_expression)) @statement
