"""genzoo's own small environments, registered with Gymnasium as ``genzoo/...``."""

import gymnasium

_HERE = "genzoo.data.environments"

for _name, _entry in {
    "SparseMountainCar-v0": "mountain_car:SparseMountainCar",
    "VimeMountainCar-v0": "mountain_car:VimeMountainCar",
    "VimeCartPoleSwingup-v0": "cartpole_swingup:VimeCartPoleSwingup",
    "SparseHalfCheetah-v0": "half_cheetah:sparse_half_cheetah",
}.items():
    gymnasium.register(f"genzoo/{_name}", entry_point=f"{_HERE}.{_entry}")
