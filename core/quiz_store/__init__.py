"""The rows behind core.quizzes: what is stored of a quiz, and how it is changed."""
