"""Commands for the first five minutes: they need no data of one's own."""

QUICK = (
    ("reslab demo", "a residual net learns handwritten digits that are in the package, in about a minute"),
    ("reslab info resnet34 --draw resnet34.svg", "layers, parameters and multiply-adds of a net, and its drawing"),
    ("reslab reproduce figure2", "the building block, drawn from the module that is trained"),
    ("reslab reproduce table1", "the ImageNet nets with their FLOPs, counted and beside the paper's"),
    (
        "reslab reproduce figure1 --from plain20-cifar10 --from plain56-cifar10",
        "Figure 1 from two nets that come with reslab",
    ),
    (
        "reslab reproduce figure7 --from plain56-cifar10 --from resnet56-cifar10",
        "responses of two nets that come with reslab",
    ),
)
"""Each with what it shows; in the order in which one may try them."""
