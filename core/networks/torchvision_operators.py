"""Make `import torchvision` work where its compiled operators do not match the torch build.

A torchvision built for CUDA beside a CPU-only torch cannot load its compiled operators, and its
Python side then stops at import with "operator torchvision::nms does not exist", taking timm with
it. Declaring the two schemas that the Python side registers kernels for is enough: Lightbox calls
neither operator. A matching install declares them itself and is left alone.
"""

import torch


def declare_missing_operators() -> list[torch.library.Library]:
    """Declare `nms` and `qnms` if this torchvision cannot; return what keeps them declared.

    The empty list means that the install is sound. ImportError from a missing torchvision is
    left to the caller's own import.
    """
    try:
        import torchvision  # noqa: F401
    except ImportError:
        return []
    except RuntimeError as error:
        if "torchvision::nms does not exist" not in str(error):
            raise
    else:
        return []
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return [library]


# The declarations live as long as this reference does.
_DECLARED = declare_missing_operators()
