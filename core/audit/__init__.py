"""What is wrong with a folder of films, before anything learns from it or is measured on it.

intake.py opens what is brought, layouts.py finds its pictures, labels, splits and groups, facts.py
measures each picture once, duplicates.py and confounds.py compare them; copies.py, pictures.py,
balance.py and giveaways.py turn that into findings (checks.py has them all), and report.py writes
them down. No pixels are kept.

    listing = list_pictures(path)
    result = audit(listing)
"""

from core.audit.findings import Finding, Item, Weight
from core.audit.layouts import Listing, list_pictures
from core.audit.run import Audit, audit

__all__ = ["Audit", "Finding", "Item", "Listing", "Weight", "audit", "list_pictures"]
