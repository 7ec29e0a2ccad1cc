namespace Stet.Client.AuditLog;

/// <summary>The file that keeps the newest verified checkpoint of a log, so that a cut or second history is noticed.</summary>
sealed class RememberedCheckpoint(string path, string? evidenceFolder, AuditTrust trust)
{
    /// <returns>Null before the first.</returns>
    /// <exception cref="AuditException"><see cref="AuditOutcome.Usage"/>: the file is not a checkpoint signed by the given keys.</exception>
    public async Task<SignedCheckpoint?> LoadAsync(CancellationToken cancel)
    {
        try
        {
            return trust.Open(await File.ReadAllBytesAsync(path, cancel));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is AuditException or IOException or UnauthorizedAccessException)
        {
            throw AuditException.Usage($"The state file `{path}` cannot be used: {e.Message}", e);
        }
    }

    /// <summary>A smaller checkpoint than remembered is asked the other way round: is it the front of that one?</summary>
    /// <exception cref="AuditException">
    /// <see cref="AuditOutcome.Stale"/> if it is, or if what the log has of the larger tree does not lead to the
    /// remembered root, so that nobody can tell; <see cref="AuditOutcome.Fork"/> if it is not, or if it has the same
    /// size and another root;
    /// <see cref="AuditOutcome.Usage"/> for another log.
    /// </exception>
    public async Task RequireNotSmallerAsync(SignedCheckpoint signed, SignedCheckpoint remembered, AuditLogSource source, CancellationToken cancel)
    {
        var (now, then) = (signed.Checkpoint, remembered.Checkpoint);
        if (now.Origin != then.Origin)
            throw AuditException.Usage($"The state file `{path}` remembers the log `{then.Origin}`; this is `{now.Origin}`: keep a state file for each.");

        if (now.Size == then.Size && !now.Root.AsSpan().SequenceEqual(then.Root)) throw await ForkAsync(signed, remembered, cancel);
        if (now.Size >= then.Size) return;

        try
        {
            var larger = await AuthenticatedTree.OpenAsync(source, then.Size, then.Root, cancel);
            if ((await larger.RootAtAsync(now.Size, cancel)).AsSpan().SequenceEqual(now.Root)) throw Smaller("; it is the front of that history.");
        }
        catch (AuditException e) when (e.IsMissing || e.Outcome is AuditOutcome.Refuted or AuditOutcome.Malformed)
        {
            // A damaged tile looks the same as another history: only a tree with the remembered root is evidence of one.
            var kept = await KeepEvidenceAsync(signed, remembered, cancel);
            throw Smaller($", and the larger tree is damaged or not there any more, so whether one extends the other cannot be told: {e.Message}{kept}");
        }

        throw await ForkAsync(signed, remembered, cancel);

        AuditException Smaller(string how) => new(
            AuditOutcome.Stale, $"The checkpoint has size {now.Size}, smaller than the {then.Size} remembered{how}");
    }

    /// <exception cref="AuditException"><see cref="AuditOutcome.Fork"/>: the tree does not begin with the remembered one.</exception>
    public async Task RequireExtendedAsync(SignedCheckpoint signed, SignedCheckpoint remembered, AuthenticatedTree tree, CancellationToken cancel)
    {
        var root = await tree.RootAtAsync(remembered.Checkpoint.Size, cancel);
        if (!root.AsSpan().SequenceEqual(remembered.Checkpoint.Root)) throw await ForkAsync(signed, remembered, cancel);
    }

    public async Task SaveAsync(SignedCheckpoint signed, CancellationToken cancel)
    {
        try
        {
            await Durable.ReplaceAsync(path, signed.Note, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw AuditException.Usage($"The state file `{path}` cannot be written: {e.Message}", e);
        }
    }

    async Task<AuditException> ForkAsync(SignedCheckpoint signed, SignedCheckpoint remembered, CancellationToken cancel)
    {
        var kept = await KeepEvidenceAsync(signed, remembered, cancel);
        return new(
            AuditOutcome.Fork,
            $"The log signed two histories: size {remembered.Checkpoint.Size} with root {Convert.ToBase64String(remembered.Checkpoint.Root)}, " +
            $"which is remembered, and size {signed.Checkpoint.Size} with root {Convert.ToBase64String(signed.Checkpoint.Root)}.{kept}");
    }

    /// <returns>What became of it, for the message: a full disk must not hide the finding.</returns>
    async Task<string> KeepEvidenceAsync(SignedCheckpoint signed, SignedCheckpoint remembered, CancellationToken cancel)
    {
        if (evidenceFolder is null) return " Give --evidence DIR to keep both notes.";

        try
        {
            Directory.CreateDirectory(evidenceFolder);
            foreach (var (role, note) in new[] { ("remembered", remembered), ("presented", signed) })
            {
                var root = Convert.ToHexStringLower(note.Checkpoint.Root.AsSpan(0, 4));
                await Durable.ReplaceAsync(Path.Combine(evidenceFolder, $"{role}-{note.Checkpoint.Size}-{root}.note"), note.Note, cancel);
            }

            return $" Both notes are kept in `{evidenceFolder}`.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $" Both notes could not be kept in `{evidenceFolder}`: {e.Message}";
        }
    }
}
