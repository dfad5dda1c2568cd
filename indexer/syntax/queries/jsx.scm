; In the JavaScript and TSX grammars.
(jsx_opening_element) @element
(jsx_self_closing_element) @element
