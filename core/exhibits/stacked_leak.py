"""What a second stage seems to be worth when the first has seen the answers (Wolpert 1992).

A stack learns in two stages, the second from the first's probabilities. Where the first stage was
fitted on all films, test films too, its probabilities hold their labels, and whatever learns from
them is tested on what it was told.
"""

WAYS = ("all_rows", "training_rows", "out_of_fold")
SECOND_STAGES = ("logistic", "trees", "neighbours")
BINS = 20  # of the histogram, over 0 to 1
