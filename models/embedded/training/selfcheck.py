"""python3 -m unittest training.selfcheck: fused kernels, file layout, generator and schedule, in a few seconds."""
from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

from . import checkpoint
from .batch import pinball, prepare, row_weight
from .forecast import forecast
from .fused import Pinball, fused_forward
from .generator.draw import FAMILIES, draw
from .model import Chronos2
from .schedule import Plan
from .train import batches, block


class SelfCheck(unittest.TestCase):
    def setUp(self) -> None:
        torch.manual_seed(1)
        self.model = Chronos2()
        self.batch = prepare(draw([1], 12, 256, 64), 16)

    def gradients(self, loss: torch.Tensor) -> dict[str, torch.Tensor]:
        self.model.zero_grad()
        loss.sum().backward()
        return {name: p.grad.clone() for name, p in self.model.named_parameters() if p.grad is not None}

    def test_fused_kernels_agree_with_plain_operators(self) -> None:
        inputs, outputs = self.batch[:3], self.batch[3:5]
        plain, fused = self.model(*inputs), fused_forward(self.model, *inputs)
        self.assertLess((plain - fused).abs().max().item(), 0.03)
        torch.testing.assert_close(pinball(fused, *outputs), Pinball.apply(fused, *outputs))
        expected, actual = self.gradients(pinball(plain, *outputs)), self.gradients(Pinball.apply(fused, *outputs))
        self.assertEqual(expected.keys(), actual.keys())
        for name, gradient in expected.items():
            self.assertLess((actual[name] - gradient).norm().item(), 0.2 * gradient.norm().item() + 1e-6, name)

    def test_files_come_back_as_written(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            checkpoint.export(Path(folder), self.model.state_dict(), self.model.shape)
            loaded = checkpoint.load(Path(folder))
            self.assertEqual(loaded.shape, self.model.shape)
            for name, tensor in self.model.state_dict().items():
                self.assertTrue(torch.equal(tensor, loaded.state_dict()[name]), name)
            checkpoint.export(Path(folder), self.model.state_dict(), self.model.shape, "F16")
            contexts = np.sin(np.arange(3 * 200)).reshape(3, 200)
            np.testing.assert_allclose(forecast(checkpoint.load(Path(folder)), contexts, 20), forecast(self.model, contexts, 20), atol=0.02)

    def test_every_family_draws_usable_windows(self) -> None:
        for name in FAMILIES:
            for context, horizon in ((32, 32), (512, 64)):
                windows = draw([2], 16, context, horizon, family=name)
                self.assertEqual(windows.shape, (16, context + horizon), name)
                self.assertFalse(np.isinf(windows).any(), name)
                self.assertGreater(np.isfinite(windows).mean(), 0.5, name)

    def test_data_depend_on_seed_process_and_position_only(self) -> None:
        plan = Plan(steps=900)
        np.testing.assert_array_equal(block(plan, 0, 7), block(plan, 0, 7))
        self.assertFalse(np.array_equal(block(plan, 0, 7), block(plan, 1, 7), equal_nan=True))

    def test_a_run_ends_with_its_plan(self) -> None:
        plan = Plan(steps=4, repeat=3)
        self.assertEqual([len(list(batches(plan, step, 0, "cpu"))) for step in (0, 2, 3, 4)], [4, 2, 1, 0])

    def test_a_quiet_wave_weighs_more_than_noise(self) -> None:
        t = np.arange(320)
        rows = np.stack([np.where(np.mod(t / 24, 1) < 0.5, 1.0, 0.0), np.random.default_rng(1).standard_normal(320)])
        wave, noise = row_weight(prepare(rows, 16), 0.05).tolist()
        self.assertGreater(wave, 5 * noise)

    def test_the_rate_rises_holds_and_falls(self) -> None:
        plan = Plan(steps=1000, decay=0.5, peak=1.0, warm_up=100)
        rates = [plan.rate(step) for step in (0, 99, 500, 750, 999)]
        np.testing.assert_allclose(rates, [0.01, 1, 1, 0.5, 0.01], atol=1e-9)


if __name__ == "__main__":
    unittest.main()
