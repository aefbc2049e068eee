"""Audit: what is wrong with a folder of films, before anything learns from it."""

import streamlit as st

from core.settings import Settings
from core.ui import audit_charts, audit_data, audit_findings, audit_report, rooms

rooms.enter()
settings = Settings.from_environment()

st.title("Audit", anchor=False)
st.markdown(
    "What is wrong with a folder of films, before a network learns from it or is measured on it: "
    "copies and patients across splits, contradicting labels, negatives, blurred films, and what "
    "gives a label away without a look at the disease."
)
order = audit_data.choose(settings)
audit_findings.layouts()
if order is None:
    st.info("Choose a pack, or bring a zip, films or a folder, and press Audit.")
    st.stop()

done = audit_data.run(order, settings)
if done is None:
    st.stop()

audit_findings.summary(done.result)
audit_report.offer(done.result, done.pictures, order.own)
audit_findings.findings(done.result, done.pictures)
audit_charts.balance(done.result)
audit_charts.properties(done.result)
