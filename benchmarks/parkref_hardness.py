"""Is ParkRef hard enough? Train the concat baseline with sentences taken away, bit by bit.

For each flavour the same network is trained on the sentences, on head nouns alone ("dog"), and on
nothing ("thing"). Pictures alone must give little away; nouns alone must not be enough. The network
trained on the sentences is also asked with sentences of other pictures.

    python benchmarks/parkref_hardness.py --root data --steps 4000 --out results/parkref_hardness
"""

import argparse
import json
import pickle
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from refseg_lib.data.refer import open_dataset
from refseg_lib.data.unpickling import load_refs
from refseg_lib.evaluation.scoring import evaluate
from refseg_lib.models.saved import load_model
from refseg_lib.training.starting import start_run

FLAVOURS = ("unc", "uncplus", "gref", "referit")
DIETS = ("sentence", "noun", "nothing")


def starve(source: Path, flavour: str, diet: str, target: Path) -> str:
    """Write a copy of ParkRef whose sentences are cut down; return its data set id."""
    nouns = {}
    with (source / f"truth({flavour}).jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            truth = json.loads(line)
            graph = truth["en"]["graph"]
            nouns[truth["sent_id"]] = graph["nodes"][graph["referent"]][1]
    refs = load_refs(source / f"refs({flavour}).p")
    for ref in refs:
        for sentence in ref["sentences"]:
            word = nouns[sentence["sent_id"]] if diet == "noun" else "thing"
            sentence["sent"] = sentence["raw"] = word
            sentence["tokens"] = [word]
    target.mkdir(parents=True)
    shutil.copy(source / "instances.json", target / "instances.json")
    (target / "images").symlink_to((source / "images").resolve())
    file = target / f"refs({flavour}-{diet}).p"
    file.write_bytes(pickle.dumps(refs, protocol=2))
    return f"folder:{file}"


def main() -> None:
    """Train and score what was asked for; runs that are there already are not repeated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path("data"))
    parser.add_argument("--steps", default="4000")
    parser.add_argument("--runs", type=Path, default=Path("runs/hardness"))
    parser.add_argument("--out", type=Path, default=Path("results/parkref_hardness"))
    parser.add_argument("--flavour", action="append", choices=FLAVOURS)
    parser.add_argument("--diet", action="append", choices=DIETS)
    chosen = parser.parse_args()
    for flavour in chosen.flavour or FLAVOURS:
        for diet in chosen.diet or DIETS:
            if not (chosen.out / f"{flavour}_{diet}.json").is_file():
                measure(chosen, flavour, diet)


def measure(chosen: argparse.Namespace, flavour: str, diet: str) -> None:
    """Train one network and write its rows."""
    run = chosen.runs / f"{flavour}_{diet}"
    with tempfile.TemporaryDirectory() as place:
        name = f"parkref_{flavour}"
        if diet != "sentence":
            name = starve(chosen.root / "parkref", flavour, diet, Path(place) / "parkref")
        if not (run / "best.json").is_file():
            start_run(
                "baseline",
                name,
                chosen.root,
                run,
                settings={"steps": chosen.steps},
                resume=(run / "resume.pt").is_file(),
            )
        dataset = open_dataset(name, chosen.root, "val")
        loaded = load_model(run)
        row = evaluate(loaded, dataset, progress=False)
        # Where the copy lay for a moment says nothing to a reader.
        row = replace(row, dataset=f"parkref_{flavour}, {diet}")
        row.save(chosen.out / f"{flavour}_{diet}.json")
        if diet == "sentence":
            row = evaluate(loaded, dataset, progress=False, shuffle_sentences=0)
            row.save(chosen.out / f"{flavour}_shuffled.json")


if __name__ == "__main__":
    main()
