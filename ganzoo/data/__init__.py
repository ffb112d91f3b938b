"""Sources of batches: the contract, folders of pictures, and the loader that draws from them."""

from ganzoo.data.base import Batch, Data, DataConfig, to_tensor
from ganzoo.data.loader import Loader

__all__ = ["Batch", "Data", "DataConfig", "Loader", "to_tensor"]
