"""Who has seen whose test pictures: overlaps that make a number look better than it is.

RefCOCO, RefCOCO+ and RefCOCOg all take their pictures from COCO train2014, so weights trained on
COCO's labels have seen the masks of val and test. RefCOCO and RefCOCO+ hold out the same 3,000
pictures and may be crossed; RefCOCOg holds out others, and its google split divides objects, not
pictures.
"""

from pathlib import PurePath

from refseg_lib.data.layouts import ALIASES, DATASETS

COCO_SETS = ("refcoco_unc", "refcocop_unc", "refcocog_umd", "refcocog_google")
# Val, testA and testB are the same pictures in both.
_SAME_PICTURES_HELD_OUT = {"refcoco_unc", "refcocop_unc"}
# `deeplab_resnet_init.ckpt`, that the released code of 001 and 004 starts from, is COCO's.
_COCO_MARKS = ("coco", "resnet_init")


def leaks(pretraining: str, dataset_id: str) -> str | None:
    """Say what a backbone's pretraining, or the split itself, has seen of a set's val and test.

    Args:
        pretraining: As :class:`refseg_lib.vision.backbone.Backbone` names its ``weights``:
            ``"imagenet"``, ``"voc"``, ``"coco_init"``, ... or a weight file's path, of which the
            file's name counts.
        dataset_id: The set that is evaluated on: an id, an alias or ``folder:PATH/refs(NAME).p``.

    Returns:
        One line, or None when nothing is known to leak.
    """
    known = _known(dataset_id)
    if known not in COCO_SETS:
        return None
    told = []
    name = PurePath(pretraining).name.lower()
    if any(mark in name for mark in _COCO_MARKS):
        told.append(
            f"the backbone's weights ({PurePath(pretraining).name}) are pretrained on COCO, whose"
            f" train2014 holds the val and test pictures of {known}: this is not leak-free"
        )
    elif name == "voc" or name.startswith(("voc", "pascal")):
        told.append(
            f"the backbone's weights ({PurePath(pretraining).name}) are trained on VOC; DeepLab's"
            f" own VOC weights start from COCO's, which have seen the pictures of {known}: this is"
            " leak-free only if yours do not"
        )
    if known == "refcocog_google":
        told.append(
            "refcocog_google divides objects, not pictures: val pictures are in train too"
            " (refcocog_umd is clean)"
        )
    return "; ".join(told) or None


def shared_pictures(trained_on: str, evaluated_on: str) -> str | None:
    """Say whether training on one set shows pictures that another is evaluated on.

    Args:
        trained_on: Id, alias or ``folder:PATH`` of the set whose train split was learned.
        evaluated_on: The same for the set whose val or test split is asked.

    Returns:
        One line, or None when nothing is known to be shared; what a set's own splits share is told
        by :func:`leaks`.
    """
    train, test = _known(trained_on), _known(evaluated_on)
    if train not in COCO_SETS or test not in COCO_SETS or train == test:
        return None
    if {train, test} == _SAME_PICTURES_HELD_OUT:
        return None
    return (
        f"trained on {train} and evaluated on {test}: both take their pictures from COCO train2014"
        " and hold out different ones, so some that are evaluated on were seen in training"
    )


def _known(dataset_id: str) -> str | None:
    """Resolve aliases, and folders of one's own by the usual names."""
    if not dataset_id.startswith("folder:"):
        return ALIASES.get(dataset_id, dataset_id)
    path = PurePath(dataset_id.removeprefix("folder:"))
    for name in COCO_SETS:
        place = DATASETS[name]
        if path.parent.name in place.folders and path.stem == place.refs:
            return name
    return None
