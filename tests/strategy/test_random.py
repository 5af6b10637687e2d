from nas_hydra.testing.strategy import simulate, small_space, smooth
from strategy.strategies import maker


def test_every_candidate_is_proposed_once_and_then_the_search_ends():
    trials = simulate(maker("random"), small_space(), smooth, 40, ahead=4)
    assert len({trial.key for trial in trials}) == len(trials) == 24
