"""Commands of `xuncha labels` that change or compare rows: adapters, one file each."""
