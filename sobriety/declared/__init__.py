"""What an organisation declares for its reports beside what is measured."""
