"""Class-conditional autoregressive models."""

from genzoo.autoregressive.model import Autoregressive
from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


@register
class ConditionalAutoregressive(Autoregressive):
    """p(x | class) = Π p(x_i | x_1 .. x_{i-1}, class); data and network must have the same number of classes.

    Source: van den Oord et al. 2016, arXiv 1606.05328, section 2.3.
    """

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data without classes."""
        if isinstance(data, DataSpec) and (data.classes == 0 or self.label_classes == 0):
            raise GenzooError(
                f"data={data.name} has {data.classes} classes and model.network.condition={self.label_classes}, but "
                "the model's images depend on a class; choose data with classes (data=mnist ...), or a model whose "
                "images depend on none (model=gated_pixelcnn ...)."
            )
        super().check_data(data)
