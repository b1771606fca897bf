"""Sensor noise: finding it, keeping it in a bank, making fields of it, adding it."""

from sirst5k.noise.bank import NoiseBank
from sirst5k.noise.displacement import add_residual, displace
from sirst5k.noise.fidelity import Fidelity, FieldFidelity, measure_fidelity
from sirst5k.noise.fields import FIELDS, resize_field, spectral_field, tile_field
from sirst5k.noise.moving_field import MovingField
from sirst5k.noise.plane import remove_plane
from sirst5k.noise.sequence_noise import SequenceNoise
from sirst5k.noise.spectrum import log_spectral_distance, radial_spectrum
from sirst5k.noise.target_contrast import move_scr
from sirst5k.noise.time_parts import TimeParts, sensor_pattern, time_parts
from sirst5k.noise.windows import FlatWindows, Window, find_flat_windows, find_windows

__all__ = [
    "FIELDS",
    "Fidelity",
    "FieldFidelity",
    "FlatWindows",
    "MovingField",
    "NoiseBank",
    "SequenceNoise",
    "TimeParts",
    "Window",
    "add_residual",
    "displace",
    "find_flat_windows",
    "find_windows",
    "log_spectral_distance",
    "measure_fidelity",
    "move_scr",
    "radial_spectrum",
    "remove_plane",
    "resize_field",
    "sensor_pattern",
    "spectral_field",
    "tile_field",
    "time_parts",
]
