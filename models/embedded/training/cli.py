"""Trains, measures and exports the forecaster that ships with Anomaly Times."""
from __future__ import annotations

import argparse
import os
from pathlib import Path

from .schedule import Plan


def main() -> None:
    parser = argparse.ArgumentParser(prog="training", description=__doc__)
    commands = parser.add_subparsers(required=True)
    add_train(commands.add_parser("train", help="train, or go on with the run in --run"))
    measured = ("evaluate", evaluate, "real series"), ("probe", probe, "waves, ramps, constants")
    for name, action, text in (*measured, ("export", export, "write half-size weights")):
        command = commands.add_parser(name, help=text)
        command.add_argument("weights", type=Path, help="folder of config.json and model.safetensors")
        command.set_defaults(action=action)
        if name == "evaluate":
            command.add_argument("--data", type=Path, required=True, help="folder of the evaluation data")
            command.add_argument("--every", type=int, default=1, help="take every n-th window only")
        if name == "export":
            command.add_argument("to", type=Path)
            command.add_argument("--type", choices=["F32", "F16", "BF16"], default="F16")
    arguments = parser.parse_args()
    arguments.action(arguments)


def add_train(command: argparse.ArgumentParser) -> None:
    command.add_argument("--run", type=Path, required=True, help="folder of state, log and averaged weights")
    command.add_argument("--steps", type=int, default=Plan.steps)
    command.add_argument("--seed", type=int, default=Plan.seed)
    command.add_argument("--decay", type=float, default=Plan.decay, help="share of the steps over which the learning rate falls")
    command.add_argument("--peak", type=float, default=Plan.peak, help="highest learning rate; lower when starting from trained weights")
    command.add_argument("--from", dest="start", type=Path, help="folder of weights to start from")
    command.add_argument("--processes", type=int, default=os.cpu_count(), help="on a CPU; a GPU is used by one")
    command.add_argument("--tokens", type=int, default=Plan.tokens, help="per process and step; 65536 for a GPU")
    command.set_defaults(action=train)


def train(arguments: argparse.Namespace) -> None:
    from .launch import launch

    plan = Plan(arguments.steps, arguments.seed, arguments.peak, arguments.decay, warm_start=arguments.start is not None, tokens=arguments.tokens)
    launch(arguments.run.resolve(), plan, arguments.start, arguments.processes)


def evaluate(arguments: argparse.Namespace) -> None:
    from . import checkpoint
    from .evaluate import evaluate, report

    print(report(evaluate(checkpoint.load(arguments.weights), arguments.data, arguments.every)))


def probe(arguments: argparse.Namespace) -> None:
    from . import checkpoint
    from .probes import lines

    for line in lines(checkpoint.load(arguments.weights)):
        print(line, flush=True)


def export(arguments: argparse.Namespace) -> None:
    from . import checkpoint

    model = checkpoint.load(arguments.weights)
    checkpoint.export(arguments.to, model.state_dict(), model.shape, arguments.type)
    print(checkpoint.digest(arguments.to))
