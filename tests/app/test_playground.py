"""Games on points without a browser: what each button does, and that sessions do not disturb each other."""

import numpy as np
import pytest
import torch

pytest.importorskip("gradio", reason="the explorer needs gradio: pip install 'genzoo[explore]'")
from genzoo.api import configured
from genzoo.app.playground.drawing import coloured, picture, place
from genzoo.app.playground.settings import DATA, OBJECTIVES, PENALTIES, Settings, overrides
from genzoo.app.playground.training import Training
from genzoo.app.tabs.playground import applied, clicked, played, restarted, shown, started, stepped
from genzoo.core.errors import GenzooError
from genzoo.metrics.modes import Modes
from genzoo.runs.schema import Training as Schema
from genzoo.runs.schema import check_keys


def widgets(data="ring", objective="non-saturating", penalty="none", steps=1, rates=("0.004", "0.002"), centres=()):
    """The values of the page's widgets."""
    return (centres, data, objective, penalty, steps, *rates, 0)


def after(rounds, **settings):
    training = Training(Settings(**settings))
    for _ in range(rounds):
        training.play(0.0)
    return training


def weights(training):
    return torch.cat([p.detach().flatten() for p in training.module.parameters()])


def test_a_step_is_one_round_and_a_tick_at_least_one():
    session, *_ = stepped(None, *widgets())
    assert session.rounds == 1
    assert stepped(session, *widgets())[0] is session
    assert session.rounds == 2
    *_, timer = played(session)
    assert session.rounds > 2
    assert "active" not in timer  # a pause that comes while rounds are played lasts


def test_a_round_changes_both_networks_and_nothing_else_does():
    training = after(1)
    before = weights(training)
    shown(training)  # as while it is paused
    assert torch.equal(weights(training), before)
    training.play(0.0)
    for network in (training.module.generator, training.module.discriminator):
        assert any(p.grad is not None and p.grad.any() for p in network.parameters())
    assert not torch.equal(weights(training), before)


def test_a_restart_gives_the_first_picture_of_its_seed():
    _, first, _, timer = started(None, *widgets())
    session, later, _ = stepped(None, *widgets())
    again, picture, text = restarted(session, *widgets())
    assert timer.active
    assert again is not session
    assert np.array_equal(picture, first)
    assert not np.array_equal(later, first)
    assert text.startswith("**Round 0**")
    assert not np.array_equal(shown(Training(Settings(seed=1)))[0], first)


def test_other_settings_begin_a_new_training_and_the_same_do_not():
    session, *_ = stepped(None, *widgets())
    assert applied(session, *widgets())[0] is session
    other, *_ = applied(session, *widgets(objective="hinge"))
    assert other.rounds == 0


def test_every_objective_and_penalty_has_a_loss_of_its_own():
    losses = [after(1, objective=name).losses["discriminator_loss"] for name in OBJECTIVES if name != "minimax"]
    assert len(set(losses)) == len(OBJECTIVES) - 1
    assert after(1, objective="minimax").losses["generator_loss"] < 0 < after(1).losses["generator_loss"]
    plain = after(3).losses
    for name in PENALTIES:
        assert (after(3, penalty=name).losses == plain) == (name == "none")


def test_rates_and_steps_reach_the_optimizers_and_the_round():
    slow = after(1, discriminator_rate="1e-5", steps=3)
    player, other = slow.module.optimizers()
    assert player.param_groups[0]["lr"] == 1e-5
    assert other.param_groups[0]["lr"] == 0.002
    assert {int(state["step"]) for state in player.state.values()} == {3}
    assert {int(state["step"]) for state in other.state.values()} == {1}


def test_the_coverage_is_that_of_the_metric():
    training = after(40)
    values = Modes()(training.module, training.data, "test").values
    text = training.coverage(training.samples())
    assert text.startswith(f"modes covered: **{values['modes_covered']} of 8**")
    assert training.coverage(training.points(2500)).startswith("modes covered: **8 of 8** · samples near a mode: 99%")
    assert Training(Settings(data="spiral")).coverage(training.samples()) == ""


def test_two_sessions_end_as_each_alone():
    alone = [weights(after(6, objective=name)) for name in ("hinge", "least squares")]
    together = [Training(Settings(objective=name)) for name in ("hinge", "least squares")]
    for _ in range(6):
        for training in together:
            training.play(0.0)
            shown(training)
    assert all(map(torch.equal, map(weights, together), alone))


def test_the_training_is_that_of_the_command_line(tmp_path):
    from genzoo.runs.train import train

    given = overrides(Settings()) | {"trainer.rounds": 5, "paths.runs": str(tmp_path)}
    with configured(given) as cfg:
        check_keys(cfg, Schema)
        run = train(cfg)
    assert torch.allclose(weights(after(5)), torch.cat([p.detach().flatten() for p in run.model.parameters()]))


@pytest.mark.parametrize("data", DATA)
def test_each_set_has_a_picture_with_its_points(data):
    training = Training(Settings(data=data, centres=((0.5, 0.5),)))
    assert training.points(2000).abs().max() <= training.data.extent
    colours = np.asarray(picture(training)).reshape(-1, 3)
    assert (colours == (0, 72, 140)).all(1).any()
    assert (colours == (213, 94, 0)).all(1).any()


def test_the_field_is_the_probability_or_the_relative_score():
    points = torch.randn(50, 2)
    game = after(3)
    logits = game.module.realism((points / game.data.extent).view(-1, 2, 1, 1))
    assert torch.allclose((game.field(points) + 1) / 2, logits.sigmoid())
    field = after(3, objective="Wasserstein").field(points)
    assert (field.min(), field.max()) == (pytest.approx(-1), pytest.approx(1))
    ends = np.asarray(coloured(torch.tensor([[-1.0, 0.0, 1.0]])))[0].tolist()
    assert ends[0][0] > ends[0][2]
    assert len(set(ends[1])) == 1
    assert ends[2][0] < ends[2][2]


def test_a_clicked_place_is_where_its_points_are_drawn():
    session, *_ = applied(None, *widgets("my points", centres=(place((140, 420)),)))
    blue = (np.asarray(picture(session)) == (0, 72, 140)).all(2)
    rows, columns = blue.nonzero()
    assert (columns.mean(), rows.mean()) == (pytest.approx(140, abs=5), pytest.approx(420, abs=5))


def test_clicks_add_points_to_ones_own_alone():
    class Click:
        index = (280, 280)

    assert clicked(((0.5, 0.5),), "my points", Click) == ((0.5, 0.5), (0.0, 0.0))
    assert clicked((), "ring", Click) == ()


def test_without_points_nothing_is_trained():
    session, _, text = applied(None, *widgets("my points"))
    assert session is None
    assert text == "Click into the picture to add points."
    assert not played(None)[-1].active
    with pytest.raises(GenzooError, match=r"^my points: there are none yet; click into the picture to add some\.$"):
        started(None, *widgets("my points"))


@pytest.mark.parametrize("typed", ["0", "-1", "fast", "", "nan", "inf"])
def test_a_rate_that_is_no_positive_number_is_one_line(typed):
    line = rf"^learning rate of the generator: '{typed}': a positive number is needed, such as 0\.001\.$"
    with pytest.raises(GenzooError, match=line):
        applied(None, *widgets(rates=("0.004", typed)))


def test_a_diverged_training_ends_with_its_reason():
    training = after(1)
    with torch.no_grad():
        training.module.discriminator.layers[0].weight.fill_(torch.nan)
    _, text, timer = played(training)
    assert "The training diverged: discriminator_loss was not finite in round 1; lower a learning rate." in text
    assert not timer.active
    ended = training.rounds
    played(training)
    assert training.rounds == ended
