"""How a prompt is read, without understanding it and without a model.

    parting     a message → what it asks, and what is only pasted into it
    spelling    a text in lower case, its words parted by spaces and its clauses by bars
    vocabulary  the words of `lexicon`, `languages` and `subjects` as tables to look them up in
    passage     a piece of text → the meanings and subjects found in it
    reading     a conversation → who orders what: the application, the user, or an earlier turn
    shape       what shows without reading: questions, numbers, options, code, formulas
    situation   what several signals look at
    doubts      why a word counts for less than it could
    gather      the signals themselves: evidence for each class

Everything is pure and bounded in time (only the ends of a message are read); evidence has only our own names.
A new word is an entry in `lexicon` or `languages`, a new signal a function in `gather`.
"""
