"""An app with the model shapes that the academy lacks: inheritance, proxies, through tables, SET_NULL."""
