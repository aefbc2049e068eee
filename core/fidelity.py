"""How near a fill comes to the truth, where the truth is known."""

import numpy as np

PERFECT = 68.0  # dB: what a fill without any error of 8 bits is given, where PSNR has no end


def fidelity(filled: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """`l1` (grey levels of 255), `psnr` (dB) and `ssim` (Wang et al. 2004) inside a hole.

    Films (H, W) uint8 of at least 7 px a side, mask (H, W) bool. The SSIM is the mean of its map
    over the hole; its 7-px windows reach over the rim. ValueError when nothing is masked.
    """
    if not mask.any():
        raise ValueError("there is no hole to measure: the mask is empty")
    from skimage.metrics import structural_similarity  # slow to import

    error = filled[mask].astype(float) - truth[mask]
    _, likeness = structural_similarity(truth, filled, full=True, data_range=255)
    squared = float(np.square(error).mean())
    return {
        "l1": float(np.abs(error).mean()),
        "psnr": min(PERFECT, float(10 * np.log10(255**2 / max(squared, 1e-9)))),
        "ssim": float(likeness[mask].mean()),
    }
