; Names of captures are names of handlers in ruby.py.

(comment) @comment
[(class) (module)] @class
(singleton_class) @singleton_class
[(method) (singleton_method)] @method
(alias) @alias
[(assignment) (operator_assignment)] @assignment
[(do_block) (block)] @block

(program (identifier) @section)
(body_statement (identifier) @section)
(block_body (identifier) @section)

(call) @call
(scope_resolution) @scoped
(constant) @constant
