"""A two-stage 12AX7 guitar preamplifier, simulated as a circuit in double precision.

The target that `train.py` teaches to a recurrent network: two common-cathode triode stages of a
British lead channel, followed by the roll-off of a speaker.

    guitar -> stage 1 -> drive -> stage 2 -> output coupling -> speaker roll-off -> out

One stage (e: source voltage, u: voltage across the coupling capacitor Cc, g, k, p: voltages of
grid, cathode and plate against ground; all in volts, amperes, ohms, farads, seconds):

                                                   Vb
                                                   |
                                                   Rp
                                                   |
    e --||--+--- Rs ---+--- g (grid)               p (plate) -> next stage
        Cc  |          |                           k (cathode)
            Rg         Cm                          |
            |          |                        Rk || Ck
           gnd        gnd                          |
                                                  gnd

    Cc du/dt = (e - u) / Rg + (e - u - g) / Rs
    Cm dg/dt = (e - u - g) / Rs - Ig
    Ck dk/dt = Ik - k / Rk
         0   = (Vb - p) / Rp - (Ik - Ig)

with the triode of Dempwolf and Zölzer, "A physically-motivated triode model for circuit
simulations", DAFx-11, Paris 2011 (measured 12AX7 "RSD-1" of their table 1):

    Ik = G  (softplus(C (vpk / mu + vgk)) / C) ^ gamma           cathode current
    Ig = Gg (softplus(Cg vgk) / Cg) ^ xi + Ig0                   grid current
    softplus(x) = ln(1 + e^x),  vgk = g - k,  vpk = p - k

Component values are those found around the lead channel of the Marshall 1959/1987 (100 kOhm plate
loads, 2.7 kOhm and 820 Ohm cathode resistors bypassed by 0.68 uF, 22 nF coupling, 68 kOhm grid
stopper); Cm stands for Miller and stray capacitance. Simplification: a stage does not load the one
before it; the source resistance of the drive potentiometer is contained in Rs of stage 2.

What a static curve cannot follow: the bias of both stages moves with the level of the signal (grid
current charges Cc, rectified cathode current charges Ck), the cathodes boost treble, and the
second stage distorts what the first has filtered.

Solver: 8 times oversampled trapezoidal rule, each step solved by Newton's method to 1e-9 V.
`python3 examples/amp/circuit.py` measures its convergence.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from math import exp, log1p, pi

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.optimize import fsolve
from scipy.signal import bilinear, butter, lfilter, resample_poly

Signal = NDArray[np.float64]

SAMPLE_RATE = 48_000  # Hz
OVERSAMPLING = 8
INPUT_VOLTS = 1.0  # V at the first coupling capacitor for a sample value of 1
DRIVE = 0.25  # fraction of the first plate's voltage that reaches the second stage
OUTPUT_PER_VOLT = 1 / 215  # sample value per volt of the second plate: peaks of about 0.7
SPEAKER_HZ = 5_000.0  # second-order Butterworth roll-off

# Dempwolf and Zölzer, table 1, RSD-1.
G, MU, GAMMA, C = 2.242e-3, 103.2, 1.26, 3.40
GG, XI, CG, IG0 = 6.177e-4, 1.314, 9.901, 8.025e-8


@dataclass(frozen=True)
class Stage:
    """Components of one common-cathode stage (ohm, farad, volt)."""

    Cc: float  # coupling capacitor
    Rg: float  # grid leak
    Rs: float  # grid stopper
    Cm: float  # grid to ground, Miller capacitance included
    Rk: float  # cathode resistor
    Ck: float  # cathode bypass
    Rp: float  # plate load
    Vb: float  # supply


STAGE_1 = Stage(Cc=22e-9, Rg=1e6, Rs=68e3, Cm=100e-12, Rk=2.7e3, Ck=0.68e-6, Rp=100e3, Vb=300.0)
STAGE_2 = Stage(Cc=22e-9, Rg=1e6, Rs=220e3, Cm=100e-12, Rk=820.0, Ck=0.68e-6, Rp=100e3, Vb=300.0)
OUTPUT_RC = 22e-9 * 220e3  # s, coupling of the second plate to the load


@njit
def _power(scale: float, knee: float, exponent: float, x: float) -> tuple[float, float]:
    """scale * (softplus(knee x) / knee) ** exponent and its derivative by x."""
    z = knee * x
    soft = z + log1p(exp(-z)) if z > 0.0 else log1p(exp(z))
    if soft < 1e-200:
        return 0.0, 0.0
    value = scale * (soft / knee) ** exponent
    return value, value * exponent * knee / (soft * (1.0 + exp(-z)))


@njit
def triode(vgk: float, vpk: float) -> tuple[float, float, float, float]:
    """Cathode current, its derivative by vgk, grid current, its derivative (A, A/V)."""
    ik, ik_d = _power(G, C, GAMMA, vpk / MU + vgk)
    ig, ig_d = _power(GG, CG, XI, vgk)
    return ik, ik_d, ig + IG0, ig_d


@njit
def _run(e: Signal, start: Signal, parts: tuple[float, ...], h: float) -> Signal:
    """Plate voltage (V, shape [frames]) for the source voltage e (V, [frames]) at step h (s)."""
    cc, rg, rs, cm, rk, ck, rp, vb = parts
    u, g, k, p = start
    ik, a, ig, b = triode(g - k, p - k)
    fu = ((e[0] - u) / rg + (e[0] - u - g) / rs) / cc
    fg = ((e[0] - u - g) / rs - ig) / cm
    fk = (ik - k / rk) / ck
    half = 0.5 * h
    out = np.empty_like(e)
    for n in range(e.size):
        # Known part of the trapezoidal rule: x - half f(x) = x_old + half f(x_old).
        u_known, g_known, k_known = u + half * fu, g + half * fg, k + half * fk
        for _ in range(60):
            ik, a, ig, b = triode(g - k, p - k)
            fu = ((e[n] - u) / rg + (e[n] - u - g) / rs) / cc
            fg = ((e[n] - u - g) / rs - ig) / cm
            fk = (ik - k / rk) / ck
            r_u = u - half * fu - u_known
            r_g = g - half * fg - g_known
            r_k = k - half * fk - k_known
            r_p = (vb - p) / rp - ik + ig
            # Jacobian rows (du, dg, dk, dp); u and p are eliminated, a 2 x 2 system remains.
            j_uu, j_ug = 1.0 + half * (1.0 / rg + 1.0 / rs) / cc, half / (rs * cc)
            j_gu, j_gg, j_gk = half / (rs * cm), 1.0 + half * (1.0 / rs + b) / cm, -half * b / cm
            j_kg, j_kp = -half * a / ck, -half * a / (MU * ck)
            j_kk = 1.0 + half * (a * (1.0 + 1.0 / MU) + 1.0 / rk) / ck
            j_pg, j_pk, j_pp = b - a, a * (1.0 + 1.0 / MU) - b, -1.0 / rp - a / MU
            m_gg, m_gk, m_g = j_gg - j_gu * j_ug / j_uu, j_gk, r_g - j_gu * r_u / j_uu
            m_kg, m_kk = j_kg - j_kp * j_pg / j_pp, j_kk - j_kp * j_pk / j_pp
            m_k = r_k - j_kp * r_p / j_pp
            det = m_gg * m_kk - m_gk * m_kg
            dg = (m_g * m_kk - m_gk * m_k) / det
            dk = (m_gg * m_k - m_kg * m_g) / det
            du = (r_u - j_ug * dg) / j_uu
            dp = (r_p - j_pg * dg - j_pk * dk) / j_pp
            u, g, k, p = u - du, g - dg, k - dk, p - dp
            if abs(dg) + abs(dk) + abs(dp) + abs(du) < 1e-9:
                break
        else:
            raise RuntimeError("Newton's method did not converge")
        ik, a, ig, b = triode(g - k, p - k)
        fu = ((e[n] - u) / rg + (e[n] - u - g) / rs) / cc
        fg = ((e[n] - u - g) / rs - ig) / cm
        fk = (ik - k / rk) / ck
        out[n] = p
    return out


def operating_point(stage: Stage, e: float) -> Signal:
    """Rest state (u, g, k, p) in volts for a constant source voltage e (V)."""

    def currents(x: Signal) -> list[float]:
        va, g, k, p = x  # va: node between Cc and Rs
        ik, _, ig, _ = triode(g - k, p - k)
        amps = [va / stage.Rg + ig, (va - g) / stage.Rs - ig, ik - k / stage.Rk,
                (stage.Vb - p) / stage.Rp - ik + ig]
        return [1e3 * i for i in amps]

    va, g, k, p = fsolve(currents, [0.0, 0.0, 1.2, 180.0], xtol=1e-13)
    return np.array([e - va, g, k, p])


def run_stage(stage: Stage, e: Signal, e_rest: float, rate: float) -> tuple[Signal, float]:
    """Plate voltage (V, [frames]) and its value at rest (V), from rest, for the source e (V)."""
    start = operating_point(stage, e_rest)
    return _run(np.ascontiguousarray(e), start, astuple(stage), 1.0 / rate), float(start[3])


def simulate(x: NDArray[np.floating], oversampling: int = OVERSAMPLING) -> Signal:
    """Output of the amplifier for the guitar samples x, both [frames] at 48 kHz, from rest."""
    rate = float(SAMPLE_RATE * oversampling)
    window = ("kaiser", 9.0)
    e = resample_poly(np.asarray(x, np.float64), oversampling, 1, window=window) * INPUT_VOLTS
    p1, rest1 = run_stage(STAGE_1, e, 0.0, rate)
    p2, rest2 = run_stage(STAGE_2, DRIVE * p1, DRIVE * rest1, rate)
    y = (p2 - rest2) * OUTPUT_PER_VOLT
    y = lfilter(*bilinear([OUTPUT_RC, 0.0], [OUTPUT_RC, 1.0], rate), y)
    y = lfilter(*bilinear(*butter(2, 2 * pi * SPEAKER_HZ, analog=True), rate), y)
    return resample_poly(y, 1, oversampling, window=window)


def main() -> None:
    """Print the operating points and how the output changes when the step is halved."""
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    pluck = np.exp(-3 * t) * (np.sin(2 * pi * 110 * t) + 0.5 * np.sin(2 * pi * 1310 * t)) / 1.5
    for name, stage in (("stage 1", STAGE_1), ("stage 2", STAGE_2)):
        _, g, k, p = operating_point(stage, 0.0)
        print(f"{name}: grid {g:.3f} V, cathode {k:.3f} V, plate {p:.1f} V")
    fine = simulate(pluck, 64)
    for factor in (4, 8, 16, 32):
        y = simulate(pluck, factor)
        error = np.sqrt(np.sum((y - fine) ** 2) / np.sum(fine**2))
        print(f"{factor:2d} x 48 kHz: relative difference to 64 x: {error:.1e}")
    print(f"peak {np.max(np.abs(fine)):.3f}")


if __name__ == "__main__":
    main()
