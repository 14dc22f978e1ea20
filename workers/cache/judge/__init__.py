"""Whether the stored answer to one question may be given to another: normalisation, guards, word problems, the judge."""
