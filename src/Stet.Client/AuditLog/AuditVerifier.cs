namespace Stet.Client.AuditLog;

/// <summary>Verifies a log by its public formats alone; shares no code with what writes it.</summary>
/// <param name="source">Where the log is read from.</param>
/// <param name="trust">Whose signatures count.</param>
/// <param name="clock">Says how old a cosignature is.</param>
public sealed class AuditVerifier(AuditLogSource source, AuditTrust trust, TimeProvider clock)
{
    /// <summary>
    /// Verifies the log's newest checkpoint and all that is under it, in this order: format, signatures, policy, age,
    /// what is remembered, content. Every hash is authenticated before it is used.
    /// </summary>
    /// <param name="options">What to verify beyond that.</param>
    /// <param name="progress">Told how many entries were verified so far, from several threads.</param>
    /// <param name="cancel">Ends it, without a report.</param>
    /// <returns>Whatever came of it: only cancelling throws.</returns>
    public async Task<AuditReport> VerifyAsync(
        AuditVerifierOptions options, IProgress<long>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var run = new Run(source, trust, clock, options, progress);
        try
        {
            await run.VerifyAsync(cancel);
            return run.Report;
        }
        catch (AuditException e)
        {
            return run.Report with { Outcome = e.Outcome, Problem = e.Message, HasEnded = e.IsEnd };
        }
    }

    // Between the clock of a witness and this one.
    static readonly TimeSpan mostAhead = TimeSpan.FromMinutes(5);

    sealed class Run(AuditLogSource source, AuditTrust trust, TimeProvider clock, AuditVerifierOptions options, IProgress<long>? progress)
    {
        public AuditReport Report { get; private set; } = new(AuditOutcome.Verified);

        public async Task VerifyAsync(CancellationToken cancel)
        {
            if (options.MaxAge is not null && trust.Witnesses.Witnesses.Count == 0)
                throw AuditException.Usage("The age of a checkpoint is that of its cosignatures: name the witnesses to believe.");

            var memory = options.StateFile is { } path ? new RememberedCheckpoint(path, options.EvidenceFolder, trust) : null;
            var remembered = memory is null ? null : await memory.LoadAsync(cancel);
            Report = Report with { Remembered = remembered?.Checkpoint.Size };

            var signed = trust.Open(await source.ReadCheckpointAsync(cancel));
            Describe(signed);
            trust.RequireQuorum(signed);
            RequireAge(signed);

            if (remembered is not null) await memory!.RequireNotSmallerAsync(signed, remembered, source, cancel);
            var tree = await AuthenticatedTree.OpenAsync(source, signed.Checkpoint.Size, signed.Checkpoint.Root, cancel);
            if (remembered is not null) await memory!.RequireExtendedAsync(signed, remembered, tree, cancel);

            await VerifyContentAsync(tree, options.OnlyNewEntries ? remembered?.Checkpoint.Size ?? 0 : 0, cancel);
            if (memory is not null) await memory.SaveAsync(signed, cancel);
        }

        void Describe(SignedCheckpoint signed) => Report = Report with
        {
            Origin = signed.Checkpoint.Origin,
            Size = signed.Checkpoint.Size,
            Root = Convert.ToBase64String(signed.Checkpoint.Root),
            Cosigners = [.. signed.Cosignatures.Keys.Select(k => k.Name).Order(StringComparer.Ordinal)],
            NewestCosignature = signed.NewestCosignature,
        };

        void RequireAge(SignedCheckpoint signed)
        {
            if (options.MaxAge is not { } maxAge) return;

            if (signed.NewestCosignature is not { } newest)
                throw new AuditException(AuditOutcome.Stale, "No trusted witness says when it saw this checkpoint.");

            var age = clock.GetUtcNow() - newest;
            if (age < -mostAhead)
                throw new AuditException(AuditOutcome.Stale, $"The newest cosignature is of {newest:yyyy-MM-ddTHH:mm:ssZ}, which is yet to come: it says nothing of the checkpoint's age.");

            if (age > maxAge)
                throw new AuditException(AuditOutcome.Stale, $"The newest cosignature is of {newest:yyyy-MM-ddTHH:mm:ssZ}, longer ago than allowed.");
        }

        async Task VerifyContentAsync(AuthenticatedTree tree, long known, CancellationToken cancel)
        {
            var commitments = options.PayloadsFile is null ? null : new Commitments(tree.Size);
            var content = new ContentVerification(source, tree, commitments, progress);
            try
            {
                await content.RunAsync(commitments is null ? known : 0, cancel);
            }
            finally
            {
                Report = Report with { Entries = content.Verified };
            }

            if (commitments is null) return;

            try
            {
                await using var payloads = new FileStream(
                    options.PayloadsFile!, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
                var (intact, erased) = await new PayloadVerification(commitments).RunAsync(payloads, cancel);
                Report = Report with { PayloadsIntact = intact, PayloadsErased = erased };
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw AuditException.Usage($"The payloads cannot be read: {e.Message}", e);
            }
        }
    }
}
