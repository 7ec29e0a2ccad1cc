await Console.Out.WriteLineAsync("Stet");
