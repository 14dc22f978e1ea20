"""One reason to refuse each: a guard looks at a pair and says why not, or nothing."""
