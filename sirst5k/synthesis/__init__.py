"""From a recipe to a dataset: recipe, plan, virtual dataset, folder."""

from sirst5k.synthesis.noise_source import open_noise, sample_noise
from sirst5k.synthesis.plan import Plan, Variant
from sirst5k.synthesis.recipe import Recipe, built_in_recipes
from sirst5k.synthesis.surveying import intact
from sirst5k.synthesis.verifying import VerifyReport, verify_dataset
from sirst5k.synthesis.virtual import SyntheticDataset
from sirst5k.synthesis.writing import WriteReport, write_dataset

__all__ = [
    "Plan",
    "Recipe",
    "SyntheticDataset",
    "Variant",
    "VerifyReport",
    "WriteReport",
    "built_in_recipes",
    "intact",
    "open_noise",
    "sample_noise",
    "verify_dataset",
    "write_dataset",
]
