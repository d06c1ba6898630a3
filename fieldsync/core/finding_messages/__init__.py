"""The words of findings about forms, in Arabic and French; the English stands where the rule is."""
