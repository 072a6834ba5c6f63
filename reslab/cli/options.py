"""The options that verbs share, each with its type and its help."""

from pathlib import Path
from typing import Annotated

import typer

from reslab.errors import UsageError

Text = str | None
Number = int | None

# What is trained: the mathematics of a recipe.
Data = Annotated[
    Text, typer.Argument(help="digits, cifar10, cifar100, a folder of class folders, or a .csv table of photographs.")
]
Model = Annotated[Text, typer.Option(help="A net of `reslab list`.")]
Shortcut = Annotated[Text, typer.Option(help="A, B or C (sec. 4.1).")]
StrideIn = Annotated[Text, typer.Option(help="Stride of a bottleneck: 1x1 (paper) or 3x3.")]
Preset = Annotated[Text, typer.Option(help="paper, fast, small, record or original.")]
Split = Annotated[
    Text, typer.Option(help="CIFAR: 45k/5k, 40k/5k/5k or 50k; of photographs a fold to hold out: fold2/5.")
]
Steps = Annotated[Number, typer.Option(help="Stretch the recipe to so many steps.")]
Epochs = Annotated[float | None, typer.Option(help="Stretch the recipe to so many epochs.")]
Batch = Annotated[Number, typer.Option(help="Images in a batch.")]
Rate = Annotated[float | None, typer.Option(help="Learning rate.")]
Seed = Annotated[int | None, typer.Option(help="Seed of everything random.")]
Size = Annotated[Number, typer.Option(help="Height = width of a folder's images in pixels.")]
Start = Annotated[
    Text,
    typer.Option(
        "--from",
        help="Fine-tuning: a run, a model file, a net by name (reslab list), torchvision's or timm's weights.",
    ),
]
Freeze = Annotated[
    Text,
    typer.Option(help="With --from: all up to this part (stem, stage1, ...) stays as it came; body: all but the last."),
]
Teacher = Annotated[
    Text,
    typer.Option(help="Distillation: a trained net of the same classes, whose answers are learned beside the labels."),
]
Assign = Annotated[list[str] | None, typer.Option("--set", help="Any field of the recipe: dotted.field=value.")]

# How it is executed, and from where.
Engine = Annotated[str, typer.Option(help="auto, torch or native.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Precision = Annotated[str, typer.Option(help="auto, fp32 or bf16.")]
Compile = Annotated[str, typer.Option(help="auto, on or off.")]
Threads = Annotated[
    int, typer.Option(help="CPU threads (of each process); 0: as many as cores, or $OMP_NUM_THREADS if that is less.")
]
Workers = Annotated[
    int, typer.Option(help="Runs at once; 0: as many as cores or $OMP_NUM_THREADS allow; large nets one.")
]
DataRoot = Annotated[Path | None, typer.Option(help="Where data sets lie (else $RESLAB_DATA).")]
Download = Annotated[bool, typer.Option("--download", help="Fetch what is missing: a data set, published weights.")]
DataUrl = Annotated[Text, typer.Option(help="Fetch from this address instead.")]
OnBad = Annotated[str, typer.Option(help="Images that cannot be read: error, or skip (looks at all of them first).")]
Runs = Annotated[Path, typer.Option(help="Where run folders are made.")]
SaveEvery = Annotated[float, typer.Option(help="Seconds between two checkpoints.")]
TensorBoard = Annotated[
    bool, typer.Option("--tensorboard", help="Curves for TensorBoard, in the run folder (later: reslab report).")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]

# How a net looks at images, alone or with others (sec. 3.4).
Views = Annotated[Text, typer.Option(help="1 (default), flip (and its mirror), centre or 10 crops.")]
Scales = Annotated[Text, typer.Option(help="Shorter sides in pixels, as 224,256,384,480,640: whole images, densely.")]
Ensemble = Annotated[
    list[Path] | None, typer.Option(metavar="RUN|FILE", help="One more net to average with; repeatable.")
]


def pixels_of(scales: str | None) -> tuple[int, ...]:
    """ "224,256" of `Scales` -> (224, 256). Raises UsageError for anything else."""
    if scales is None:
        return ()
    try:
        return tuple(int(word) for word in scales.split(","))
    except ValueError as error:
        raise UsageError(f"--scales {scales}: whole numbers of pixels, as 224,256,384,480,640") from error
