"""Attention with several heads, by the fused function where this version of PyTorch has it."""

import torch
from torch.nn import functional as F

fused = getattr(F, "scaled_dot_product_attention", None)


def attention(query, key, value, heads, visible=None, dropout=0.0):
    """`[batch, tokens, width]` -> the same shape; `visible` `[batch, tokens]` is true for keys that may be seen."""
    batch, tokens, width = query.shape
    query, key, value = (
        x.reshape(batch, -1, heads, width // heads).transpose(1, 2) for x in (query, key, value))
    mask = None if visible is None else visible[:, None, None, :]
    if fused:
        y = fused(query, key, value, attn_mask=mask, dropout_p=dropout)
    else:
        scores = query @ key.transpose(-1, -2) * (width // heads) ** -0.5
        if mask is not None:
            scores = scores.masked_fill(~mask, -1e30)
        y = F.dropout(torch.softmax(scores, -1), dropout) @ value
    return y.transpose(1, 2).reshape(batch, tokens, width)
