(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               '((python-mode python-ts-mode) "copilot-ls" "serve")))
(add-hook 'python-base-mode-hook #'eglot-ensure)
