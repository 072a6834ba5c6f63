"""Data sets as uint8 images, integer labels and class names.

dataset        what a data set is
catalog        data sets by name; lists them, loads them, fetches them
digits         the embedded one
cifar          CIFAR-10 and CIFAR-100 in every official form (listed in cifar_official, read by archives, pickles)
folder         a folder of class folders, or a table of photographs: its classes, files and splits
folds          folds of them: each run holds out another one
index          these, as a run writes them down, and what identifies them
contents       what lies in such a folder, used or not
table          what such a table says, and where the files are that it names
columns        which column of it is which
testing        such a folder, or table, as it is tested: a split, or everything in it
imagenet       ImageNet's 1,000 classes, by their two names
class_names    names of classes, matched; which hardly differ
below          files below a folder that has no classes
evenly         some of many images
judging        photographs that lie in folders for validation and testing, or in such rows of a table
photo          from a photograph's file to pixels, for training and prediction
scaling        images whole at other scales, and cut out at random scales (sec. 3.4)
areas          random resized crops: parts of the area, of shapes of their own
colour         colour augmentation along the principal components of natural colours (sec. 3.4)
jitter         brightness, contrast and saturation changed at random
trivial        TrivialAugment: one operation an image
erasing        random erasing: rectangles of the mean colour
decoding       a folder's photographs as pixels: cached, or lazy where they are too many
cache          photographs decoded once, memory-mapped
lazy           photographs decoded whenever they are asked for
picked         rows of photographs decoded together, in any order
checked        which photographs cannot be read
copies         which photographs are the same, byte for byte
samples        a few bytes of a few photographs, by which a folder is known again
survey         a data set looked through: counts, sizes, findings
findings       what is found: problems and notes
traits         one photograph looked at: its size, what is odd about it
likeness       which photographs are nearly the same
threads        the same done to many photographs at once
splits         stratified splits that never change
fetch          a download that is resumed and checked
places         where data sets lie; folders and tables
augment        the augmentations of sec. 4.2 as batch functions
mixing         mixup and CutMix: images of a batch mixed with each other
batches        which images make up the batch of a step
preprocessing  what is subtracted from pixels, and what they are divided by
contrast       global contrast normalisation, ZCA whitening
randomness     random numbers as a function of (seed, purpose, step)
"""

from reslab.data.areas import area_crops, draw_areas
from reslab.data.augment import alternate_flips, crop_and_flip, draw_crops, draw_flips
from reslab.data.batches import batch_epochs, batch_indices
from reslab.data.below import files_below, only_photos
from reslab.data.catalog import (
    NAMES,
    fetch_dataset,
    find_folder,
    keeps_mirrors,
    list_datasets,
    load_dataset,
    load_folder,
)
from reslab.data.cifar import SPLITS as CIFAR_SPLITS
from reslab.data.class_names import class_numbers, namesakes, places_among, same_names
from reslab.data.colour import draw_lighting
from reslab.data.contents import folders
from reslab.data.contrast import (
    LARGEST_WHITENED,
    Contrast,
    ContrastNormalisation,
    can_whiten,
    colour_of,
    measure_contrast,
)
from reslab.data.copies import among
from reslab.data.dataset import ENOUGH_PIXELS, Dataset, Images, Photos
from reslab.data.erasing import draw_erased, erased, not_erased
from reslab.data.evenly import evenly, photographs_below, photos_below, read_evenly
from reslab.data.findings import Finding
from reslab.data.folder import index_folder
from reslab.data.folds import Fold
from reslab.data.index import FolderIndex
from reslab.data.jitter import draw_factors, draw_orders, jittered
from reslab.data.judging import for_judging
from reslab.data.lazy import LazyPixels
from reslab.data.mixing import Mixing, before, draw_mixing, mixed
from reslab.data.photo import LARGEST_SCALE, fit, open_photo, picture_at, quiet, read_photo
from reslab.data.places import data_root, is_table, root_of
from reslab.data.preprocessing import Preprocessing, by_colour, measure
from reslab.data.samples import Samples, differing, replaced
from reslab.data.scaling import at_scale, draw_places, draw_scales, scaled_crops
from reslab.data.suffixes import suffixes_in_words
from reslab.data.survey import Survey, survey_dataset
from reslab.data.table import listed
from reslab.data.testing import ALL, chosen_split, everything, index_tested, others_note
from reslab.data.threads import in_threads
from reslab.data.trivial import draw_operations, filled, operated

__all__ = [
    "ALL",
    "CIFAR_SPLITS",
    "ENOUGH_PIXELS",
    "LARGEST_SCALE",
    "LARGEST_WHITENED",
    "NAMES",
    "Contrast",
    "ContrastNormalisation",
    "Dataset",
    "Finding",
    "Fold",
    "FolderIndex",
    "Images",
    "LazyPixels",
    "Mixing",
    "Photos",
    "Preprocessing",
    "Samples",
    "Survey",
    "alternate_flips",
    "among",
    "area_crops",
    "at_scale",
    "batch_epochs",
    "batch_indices",
    "before",
    "by_colour",
    "can_whiten",
    "chosen_split",
    "class_numbers",
    "colour_of",
    "crop_and_flip",
    "data_root",
    "differing",
    "draw_areas",
    "draw_crops",
    "draw_erased",
    "draw_factors",
    "draw_flips",
    "draw_lighting",
    "draw_mixing",
    "draw_operations",
    "draw_orders",
    "draw_places",
    "draw_scales",
    "erased",
    "evenly",
    "everything",
    "fetch_dataset",
    "files_below",
    "filled",
    "find_folder",
    "fit",
    "folders",
    "for_judging",
    "in_threads",
    "index_folder",
    "index_tested",
    "is_table",
    "jittered",
    "keeps_mirrors",
    "list_datasets",
    "listed",
    "load_dataset",
    "load_folder",
    "measure",
    "measure_contrast",
    "mixed",
    "namesakes",
    "not_erased",
    "only_photos",
    "open_photo",
    "operated",
    "others_note",
    "photographs_below",
    "photos_below",
    "picture_at",
    "places_among",
    "quiet",
    "read_evenly",
    "read_photo",
    "replaced",
    "root_of",
    "same_names",
    "scaled_crops",
    "suffixes_in_words",
    "survey_dataset",
]
